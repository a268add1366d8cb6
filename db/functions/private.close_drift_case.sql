-- The member system agrees with the record again.
create or replace function private.close_drift_case(p_member registry.members)
returns boolean
language plpgsql volatile
set search_path = ''
as $$
declare
  c registry.conflicts;
  v_closed boolean := false;
begin
  for c in
    update registry.conflicts as known
    set state = 'superseded', closed_at = clock_timestamp(), version = known.version + 1, superseded_by = 'The member system agrees again.'
    where known.organization_id = p_member.organization_id and known.member_id = p_member.id and known.kind = 'drift' and known.state = 'open'
    returning known.*
  loop
    v_closed := true;
    perform private.record_event('case_superseded', 'worker', c.organization_id, 'The case is moot: the member system agrees again.',
      p_member_id => c.member_id, p_conflict_id => c.id, p_push_id => c.push_id);
  end loop;
  return v_closed;
end
$$;
comment on function private.close_drift_case is 'In: a member. Out: whether a case about a difference was open and is closed now.';
