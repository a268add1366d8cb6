-- The number that a login, or an import, brought.
create or replace function private.number_of(o registry.observations)
returns registry.number
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select row(o.personnummer_index, o.personnummer_index_previous, o.personnummer_sealed, o.personnummer_masked, o.source,
    clock_timestamp())::registry.number
$$;
comment on function private.number_of is 'In: an observation, or what stands for one (private.evidence_of_case). Out: its number, as it is written now.';
