-- What failed before for this member no longer matters: a later push has arrived, or the record has moved on.
create or replace function private.forget_failures(p_push sync.pushes)
returns void
language plpgsql volatile
set search_path = ''
as $$
declare
  c registry.conflicts;
begin
  update sync.pushes set next_attempt_at = null
  where organization_id = p_push.organization_id and member_id = p_push.member_id and id <> p_push.id
    and state = 'given_up' and next_attempt_at is not null;
  for c in
    update registry.conflicts as known
    set state = 'superseded', closed_at = clock_timestamp(), version = known.version + 1, superseded_by = 'A later push settled it.'
    where known.organization_id = p_push.organization_id and known.member_id = p_push.member_id
      and known.kind = 'push_failed' and known.state = 'open'
      and exists (select from sync.pushes as failed where failed.id = known.push_id and failed.created_at <= p_push.created_at)
    returning known.*
  loop
    perform private.record_event('case_superseded', 'worker', c.organization_id, 'The case is moot: a later push settled it.',
      p_member_id => c.member_id, p_conflict_id => c.id, p_push_id => p_push.id);
  end loop;
end
$$;
comment on function private.forget_failures is 'In: a push that arrived or is moot. Closes open cases about failed pushes of its member, and ends their tries.';
