-- The login is the member's, and right. For a case about identity the login is linked, and a number fills an empty record only:
-- one that differs is a question of its own, which the next login brings up. For a mismatch the record takes the number.
create or replace function private.accept_observed(c registry.conflicts, o registry.observations)
returns registry.before_decision
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_member_id constant uuid := coalesce(c.member_id, c.candidates[1]);
  v_before registry.before_decision;
begin
  if c.kind <> 'mismatch' then
    v_before.link_before := private.set_link(o, v_member_id);
    v_before.link_after := v_member_id;
  end if;
  if c.kind = 'mismatch' or private.fills_gap(o, v_member_id) then
    v_before.member_id := v_member_id;
    v_before.number := private.recorded_number(v_member_id);
    v_before.version_after := private.set_number(o, v_member_id, c.id);
  end if;
  return v_before;
end
$$;
comment on function private.accept_observed is 'In: a locked case, its evidence (private.evidence_of_case). Out: the state before. Links the login and gives the record the observed number, as the kind of the case asks.';
