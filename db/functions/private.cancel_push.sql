-- Nobody is to send this any more, so a case about its failure is moot, and a file with it that nobody has fetched is taken back.
create or replace function private.cancel_push(p_push sync.pushes)
returns void
language plpgsql volatile
set search_path = ''
as $$
declare
  c registry.conflicts;
begin
  perform private.settle_push(p_push, 'cancelled', 'push_cancelled',
    'The push was cancelled: consent was withdrawn, as an unverified message said.');
  for c in
    update registry.conflicts as known
    set state = 'superseded', closed_at = clock_timestamp(), version = known.version + 1, superseded_by = 'The push was cancelled.'
    where known.organization_id = p_push.organization_id and known.push_id = p_push.id
      and known.kind = 'push_failed' and known.state = 'open'
    returning known.*
  loop
    perform private.record_event('case_superseded', 'worker', c.organization_id, 'The case is moot: its push was cancelled.',
      p_member_id => c.member_id, p_conflict_id => c.id, p_push_id => p_push.id);
  end loop;
  if p_push.file_id is not null then
    perform private.withdraw_file(p_push.file_id);
  end if;
end
$$;
comment on function private.cancel_push is 'In: a locked push whose consent was withdrawn (consent_withdrawn_at). Settles it as cancelled.';
