-- A member system with a rate gets its requests evenly spaced, over all workers. The moment is given away here; the worker
-- waits for it.
create or replace function private.take_turn(p_organization_id uuid, p_rate_per_second integer)
returns integer
language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  insert into sync.rates as r (organization_id, free_at)
  values (p_organization_id, clock_timestamp() + interval '1 second' / p_rate_per_second)
  on conflict (organization_id) do update
    set free_at = greatest(r.free_at, clock_timestamp()) + interval '1 second' / p_rate_per_second
  returning ceil(extract(epoch from greatest(r.free_at - interval '1 second' / p_rate_per_second - clock_timestamp(), interval '0')) * 1000)::integer
$$;
comment on function private.take_turn is 'In: organisation, requests a second. Out: milliseconds to wait before sending.';
