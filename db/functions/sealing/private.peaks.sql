-- The complete subtrees that a tree consists of: one for each bit of its size, the largest first. With them it grows, whatever is before.
create or replace function private.peaks(p_size bigint)
returns bytea[]
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  -- What is left of a peak is counted in peaks of its size.
  select coalesce(array_agg(private.subtree_hash(b.level, (p_size >> (b.level + 1)) << 1) order by b.level desc), '{}')
  from generate_series(0, 52) as b(level)
  where (p_size >> b.level) & 1 = 1
$$;
comment on function private.peaks is 'In: a number of leaves. Out: the hashes of the complete subtrees they consist of, from left to right.';
