-- How long a claim stands without a sign of life. Short, so that a killed worker's push is taken up again in seconds; a worker
-- that lives renews it several times before it runs out (worker.beat).
create or replace function private.lease()
returns interval
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select interval '15 seconds'
$$;
comment on function private.lease is 'Out: the length of a lease.';
grant execute on function private.lease to billing_owner; -- invoices are claimed in the same way
