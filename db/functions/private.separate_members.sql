-- Two records that were merged are two again. Nothing was carried to the member system by the merge, so nothing is now.
create or replace function private.separate_members(c registry.conflicts, p_before jsonb)
returns void
language plpgsql volatile
set search_path = ''
as $$
declare
  v_merged constant uuid := (p_before ->> 'merged')::uuid;
  v_number constant jsonb := p_before -> 'number';
  v_case registry.conflicts;
begin
  update registry.members
  set merged_into = null, personnummer_index = v_number ->> 'index', personnummer_sealed = v_number ->> 'sealed',
      personnummer_masked = v_number ->> 'masked', personnummer_source = (v_number ->> 'source')::registry.source,
      personnummer_at = (v_number ->> 'at')::timestamptz
  where id = v_merged;
  perform private.move_to_member(c.organization_id, (p_before ->> 'survivor')::uuid, v_merged, p_before -> 'moved');
  for v_case in
    update registry.conflicts
    set state = 'open', superseded_by = null, closed_at = null, version = version + 1
    where state = 'superseded' and p_before -> 'superseded' ? id::text
    returning *
  loop
    perform private.record_case_event('case_reopened', v_case, 'The records were separated again; the case is open again.');
  end loop;
  perform private.record_event('members_separated', 'coordinator', c.organization_id, 'The merged records were separated again.',
    p_member_id => v_merged, p_conflict_id => c.id, p_detail => jsonb_build_object('survivor', p_before ->> 'survivor'));
end
$$;
comment on function private.separate_members is 'In: a case, the state before its merge. Takes the merge back.';
