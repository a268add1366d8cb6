-- Leaves are numbered without a gap, so the last number says how many there are.
create or replace function private.sealed_size()
returns bigint
language sql stable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce((select l.leaf_index + 1 from audit.leaves as l order by l.leaf_index desc limit 1), 0)
$$;
comment on function private.sealed_size is 'Out: how many events are sealed.';
