-- Whether a record has the number that a login or an import brought. Indexes of different key versions cannot be compared; then the
-- masked forms are.
create or replace function private.has_number(m registry.members, p_evidence registry.observations)
returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select m.personnummer_index is not null and (
    m.personnummer_index = any (p_evidence.personnummer_index || p_evidence.personnummer_index_previous)
    or m.personnummer_masked = p_evidence.personnummer_masked and split_part(m.personnummer_index, '.', 1) <> all (
      select split_part(known.index, '.', 1)
      from unnest(p_evidence.personnummer_index || p_evidence.personnummer_index_previous) as known(index)))
$$;
comment on function private.has_number is 'In: a member, an observation or what stands for one (private.evidence_of_case). Out: whether the record has that number.';
