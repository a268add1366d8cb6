-- A coordinator gives a record the observed number. What an import offered and a coordinator chose is the coordinator's: the next import may
-- not replace it.
create or replace function private.set_number(o registry.observations, p_member_id uuid, p_conflict_id uuid)
returns integer
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  v_number registry.number := private.number_of(o);
begin
  if v_number.source = 'import' then
    v_number.source := 'coordinator';
  end if;
  return private.change_number(o.organization_id, p_member_id, v_number, 'number_accepted',
    format('A coordinator gave the record the personnummer %s that %s brought.', o.personnummer_masked, o.source), p_conflict_id, o.id);
end
$$;
comment on function private.set_number is 'In: an observation, a member, the case. Out: the version that the record has now. Writes the number, queues the push.';
