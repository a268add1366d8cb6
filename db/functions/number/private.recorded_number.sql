-- A record's number in all its stored forms, kept with a decision so that it can be taken back.
create or replace function private.recorded_number(p_member_id uuid)
returns registry.number
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select row(m.personnummer_index, null, m.personnummer_sealed, m.personnummer_masked, m.personnummer_source, m.personnummer_at)::registry.number
  from registry.members as m where m.id = p_member_id
$$;
comment on function private.recorded_number is 'In: a member. Out: the number of its record; every field null where it has none.';
