-- Whether a record has a number that a login or an import brought, or that was kept with a decision. Indexes of different key versions cannot be
-- compared; then the masked forms are.
create or replace function private.has_number(m registry.members, n registry.number)
returns boolean
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select m.personnummer_index is not null and n.index is not null and (
    m.personnummer_index = any (n.index || n.previous)
    or m.personnummer_masked = n.masked and split_part(m.personnummer_index, '.', 1) <> all (
      select split_part(known.index, '.', 1) from unnest(n.index || n.previous) as known(index)))
$$;
comment on function private.has_number is 'In: a member, a number. Out: whether the record has that number.';
