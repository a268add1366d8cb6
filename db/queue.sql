-- Run by `npm run migrate` after graphile-worker's own migrations, as queue_owner. Its tables have row security without
-- policies, so that only their owner can use them. The worker gets policies and grants instead of that ownership: an owner
-- may also replace the functions there, which ours call with more rights than the worker has.

grant usage on schema graphile_worker to sync_worker;
grant select, insert, update, delete on all tables in schema graphile_worker to sync_worker;
grant usage, select on all sequences in schema graphile_worker to sync_worker;
grant execute on all functions in schema graphile_worker to sync_worker;
revoke execute on all functions in schema graphile_worker from public;

do $policies$
declare
  v_table regclass;
begin
  for v_table in
    select c.oid from pg_catalog.pg_class as c
    where c.relnamespace = 'graphile_worker'::regnamespace and c.relkind = 'r' and c.relrowsecurity
      and not exists (select from pg_catalog.pg_policy as p where p.polrelid = c.oid and p.polname = 'sync_worker_all')
  loop
    execute format('create policy sync_worker_all on %s to sync_worker using (true) with check (true)', v_table);
  end loop;
end
$policies$;
