-- A ledger that was begun later, or lost its end, gets the erasures that it lacks (npm run erasures:replay).
create or replace function worker.unrecorded_erasures(erasure_ids uuid[])
returns setof uuid
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
  select e.id from audit.erasures as e
  where e.state = 'erased' and e.id <> all (unrecorded_erasures.erasure_ids) order by e.erased_at, e.id
$$;
comment on function worker.unrecorded_erasures is 'In: the erasures of the ledger. Out: those that were carried out here and do not stand in it.';
grant execute on function worker.unrecorded_erasures to sync_worker;
