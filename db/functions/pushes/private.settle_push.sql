-- One push reaches its final state. Where it arrived, or nothing is left to carry, what failed before for this member no longer matters:
-- cases about it are obsolete, and pushes that were given up are not tried again.
create or replace function private.settle_push(
  p_push sync.pushes, p_state sync.push_state, p_event text, p_message text, p_next_attempt_at timestamptz default null
)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  perform private.settle_pushes(array[p_push.id], array[p_push.http_status], array[p_push.error_code],
    p_state, p_event, p_message, p_next_attempt_at);
  if p_state not in ('delivered', 'superseded') then
    return;
  end if;
  update sync.pushes set next_attempt_at = null
  where organization_id = p_push.organization_id and member_id = p_push.member_id and id <> p_push.id
    and state = 'given_up' and next_attempt_at is not null;
  perform private.supersede_cases(array(
    select c.id from registry.conflicts as c
    join sync.pushes as failed on failed.id = c.push_id
    where c.organization_id = p_push.organization_id and c.member_id = p_push.member_id
      and c.kind = 'push_failed' and c.closed_at is null and failed.created_at <= p_push.created_at
  ), 'worker', 'A later push settled it.', p_push.id);
end
$$;
comment on function private.settle_push is 'In: a locked push (with the code and status to keep), final state, event, sentence; for given_up, when it is tried again all the same.';
