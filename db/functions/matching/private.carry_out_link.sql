-- A login is linked to the member whom a coordinator named, which fills an empty record, and settles the open cases about that login.
create or replace function private.carry_out_link(
  o registry.observations, p_member_id uuid, p_note text, p_approved registry.conflicts default null
)
returns uuid
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c registry.conflicts;
  v_before registry.before_decision;
  v_conflict_id uuid; -- the case that undo takes
begin
  v_before.link_before := private.set_link(o, p_member_id);
  v_before.link_after := p_member_id;
  if private.fills_gap(o, p_member_id) then
    begin
      v_before.version_after := private.set_number(o, p_member_id, null);
      v_before.member_id := p_member_id; -- which had no number
    exception when unique_violation then
      null; -- an import that moves thousands of numbers gave this one to somebody at this moment: only the link is made
    end;
  end if;
  for c in
    select known.* from private.open_cases_of_login(o) as known order by known.id = p_approved.id desc, known.id
  loop
    c.proposal := case when c.id = p_approved.id then p_approved.proposal end; -- what was proposed instead falls
    perform private.close_case(c, 'link_login', p_note, v_before);
    v_conflict_id := coalesce(v_conflict_id, c.id);
    v_before := null; -- kept, and undone, with the first of them
  end loop;
  return v_conflict_id;
end
$$;
comment on function private.carry_out_link is 'In: an observation of a login that is linked to nobody, the member, the note, the case whose proposal is approved (null: none). Out: the case with the decision.';
