-- Two records are one person: the record of the case is merged into the other one. Logins, observations and sessions go to the
-- survivor, and so does a number that the survivor lacks; the merged record stays as a mark of where it went, and is never found
-- again. Other open cases about it are obsolete.
create or replace function private.merge_members(c registry.conflicts)
returns registry.before_decision
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_before registry.before_decision;
begin
  v_before.member_id := c.member_id;
  v_before.number := private.recorded_number(c.member_id);
  v_before.survivor := c.other_member_id;
  select moved.* into v_before.moved_exclusions, v_before.set_aside
  from private.move_exclusions(c.organization_id, c.member_id, c.other_member_id) as moved;
  select moved.* into v_before.moved_links, v_before.moved_observations, v_before.moved_sessions, v_before.moved_consents
  from private.move_to_member(c.organization_id, c.member_id, c.other_member_id) as moved;
  perform private.write_numbers(array[c.member_id], null, p_merged_into => c.other_member_id);
  v_before.version_after := (select m.version from registry.members as m where m.id = c.member_id);
  perform private.supersede_pushes(c.member_id);
  v_before.superseded := private.supersede_cases(array(
    select other.id from registry.conflicts as other
    where other.organization_id = c.organization_id and other.id <> c.id and other.closed_at is null
      and (c.member_id in (other.member_id, other.other_member_id) or c.member_id = any (other.candidates))
  ), 'coordinator', 'The record was merged into another.');
  perform private.record_event('members_merged', 'coordinator', c.organization_id, 'A coordinator merged the record into the other one.',
    p_member_id => c.member_id, p_conflict_id => c.id, p_detail => jsonb_build_object('survivor', c.other_member_id));
  if (v_before.number).index is not null
    and exists (select from registry.members as m where m.id = c.other_member_id and m.personnummer_index is null) then
    perform private.change_number(c.organization_id, c.other_member_id, v_before.number, 'number_accepted',
      format('The surviving record took over the personnummer %s of the merged one.', (v_before.number).masked), c.id);
    v_before.survivor_number := private.recorded_number(c.other_member_id);
  end if;
  return v_before;
end
$$;
comment on function private.merge_members is 'In: a locked case with two members. Out: the state before. Merges the first into the second.';
