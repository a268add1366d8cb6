-- The login is the member's, and right. For a case about identity the login is linked, and a number fills an empty record only:
-- one that differs is a question of its own, which the next login brings up. For a mismatch the record takes the number.
create or replace function private.accept_observed(c registry.conflicts)
returns jsonb
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_member_id constant uuid := coalesce(c.member_id, c.candidates[1]);
  o constant registry.observations := private.evidence_of_case(c);
  v_before jsonb := '{}'::jsonb;
begin
  if c.kind <> 'mismatch' then
    v_before := private.set_link(o, v_member_id);
  end if;
  if c.kind = 'mismatch' or private.fills_gap(o, v_member_id) then
    v_before := v_before || private.set_number(o, v_member_id, c.id);
  end if;
  return v_before;
end
$$;
comment on function private.accept_observed is 'In: a locked case. Out: the state before. Links the login and gives the record the observed number, as the kind of the case asks.';
