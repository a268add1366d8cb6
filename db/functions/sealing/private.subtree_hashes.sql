-- A proof needs some forty subtrees: one call for all of them.
create or replace function private.subtree_hashes(p_levels integer[], p_indexes bigint[])
returns bytea[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(private.subtree_hash(s.level, s.index) order by s.place), '{}')
  from unnest(p_levels, p_indexes) with ordinality as s(level, index, place)
$$;
comment on function private.subtree_hashes is 'In: subtrees, level beside index. Out: their hashes in that order; null for each that the tree does not have.';
