-- A proposal stands on a case. A login that has none, because nobody was told of it or because it was settled, gets one of its own.
create or replace function private.case_of_login(o registry.observations, p_member_id uuid)
returns registry.conflicts
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  c registry.conflicts;
begin
  select known.* into c from private.open_cases_of_login(o) as known order by known.state = 'proposed' desc, known.opened_at, known.id limit 1;
  if c.id is null then
    c.id := gen_random_uuid();
    c.organization_id := o.organization_id;
    c.kind := 'ambiguous';
    c.candidates := array[p_member_id];
    c.observation_id := o.id;
    c.fingerprint := concat_ws(' ', 'ambiguous', c.id);
    c.personnummer_index := o.personnummer_index;
    c.personnummer_index_previous := o.personnummer_index_previous;
    c.detail := o.explanation;
    c := private.open_case(c);
  end if;
  return c;
end
$$;
comment on function private.case_of_login is 'In: an observation of a login that is linked to nobody, the member it is said to be. Out: the open case about it, locked: one that has a proposal, else the oldest, else a new one.';
