-- A ledger that was begun later, or lost its end, gets the erasures that it lacks (npm run erasures:replay).
create or replace function worker.unrecorded_erasures(erasure_ids uuid[])
returns table (id uuid, organization text, announced_at timestamptz, records jsonb)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select e.id, read.organization, read.announced_at, read.records
  from audit.erasures as e cross join lateral worker.read_erasure(e.id) as read
  where e.state = 'erased' and e.id <> all (unrecorded_erasures.erasure_ids) order by e.erased_at, e.id
$$;
comment on function worker.unrecorded_erasures is 'In: the erasures of the ledger. Out: those that were carried out here and do not stand in it, as worker.read_erasure.';
grant execute on function worker.unrecorded_erasures to sync_worker;
