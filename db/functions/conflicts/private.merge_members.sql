-- Two records are one person: the record of the case is merged into the other one. Logins, observations and sessions go to the
-- survivor, and so does a number that the survivor lacks; the merged record stays as a mark of where it went, and is never found
-- again.
create or replace function private.merge_members(c registry.conflicts)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_merged constant uuid := c.member_id;
  v_number constant jsonb := private.number_of(v_merged);
  v_before jsonb := jsonb_build_object('merged', v_merged, 'survivor', c.other_member_id, 'number', v_number);
begin
  v_before := v_before || jsonb_build_object('exclusions', private.move_exclusions(c.organization_id, v_merged, c.other_member_id));
  v_before := v_before || private.move_to_member(c.organization_id, v_merged, c.other_member_id);
  update registry.members
  set merged_into = c.other_member_id, personnummer_index = null, personnummer_sealed = null, personnummer_masked = null,
      personnummer_source = null, personnummer_at = null
  where id = v_merged
  returning v_before || jsonb_build_object('version_after', version) into v_before;
  perform private.supersede_pushes(v_merged);
  v_before := v_before || jsonb_build_object('superseded', private.close_cases_of_merged(c));
  perform private.record_event('members_merged', 'coordinator', c.organization_id, 'A coordinator merged the record into the other one.',
    p_member_id => v_merged, p_conflict_id => c.id, p_detail => jsonb_build_object('survivor', c.other_member_id));
  if v_number ->> 'index' is not null
    and exists (select from registry.members as m where m.id = c.other_member_id and m.personnummer_index is null) then
    perform private.restore_number(c, v_number || jsonb_build_object('member_id', c.other_member_id),
      'number_accepted', 'The surviving record took over the personnummer %s of the merged one.');
    v_before := v_before || jsonb_build_object('survivor_number', private.number_of(c.other_member_id));
  end if;
  return v_before;
end
$$;
comment on function private.merge_members is 'In: a locked case with two members. Out: the state before. Merges the first into the second.';
