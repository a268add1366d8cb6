-- What failed before for this member no longer matters: a later push has arrived, or the record has moved on.
create or replace function private.forget_failures(p_push sync.pushes)
returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  update sync.pushes set next_attempt_at = null
  where organization_id = p_push.organization_id and member_id = p_push.member_id and id <> p_push.id
    and state = 'given_up' and next_attempt_at is not null;
  perform private.supersede_cases(array(
    select c.id from registry.conflicts as c
    join sync.pushes as failed on failed.id = c.push_id
    where c.organization_id = p_push.organization_id and c.member_id = p_push.member_id
      and c.kind = 'push_failed' and c.state = 'open' and failed.created_at <= p_push.created_at
  ), 'worker', 'A later push settled it.', p_push.id);
end
$$;
comment on function private.forget_failures is 'In: a push that arrived or is obsolete. Closes open cases about failed pushes of its member, and ends their tries.';
