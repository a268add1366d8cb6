-- The case about a member system is moot when it works again; no coordinator has to say so.
create or replace function private.close_member_system_case(p_organization_id uuid)
returns void
language plpgsql volatile
set search_path = ''
as $$
declare
  c registry.conflicts;
begin
  for c in
    update registry.conflicts as known
    set state = 'superseded', closed_at = clock_timestamp(), version = known.version + 1, superseded_by = 'The member system works again.'
    where known.organization_id = p_organization_id and known.kind = 'member_system' and known.state = 'open'
    returning known.*
  loop
    perform private.record_event('case_superseded', 'worker', c.organization_id, 'The case is moot: the member system works again.',
      p_conflict_id => c.id);
  end loop;
end
$$;
comment on function private.close_member_system_case is 'In: an organisation. Closes the open cases about its member system.';
