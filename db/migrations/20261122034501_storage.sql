-- migrate:up
-- How tables are kept in order as they grow. PostgreSQL's default waits until a fifth of a table has changed: of fifty million
-- rows that is a year's worth, and then one long vacuum. The large ones are looked after in small steps instead.
set local role registry_owner;

alter table registry.observations set (
  autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
alter table audit.events set (
  autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
alter table sync.push_attempts set (
  autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
alter table registry.members set (
  autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
alter table sync.pushes set (
  autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);

-- A handful of rows, updated with every attempt or every few seconds: room on the page keeps their updates on it (HOT), and
-- their dead versions are removed as they come.
alter table sync.rates set (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
alter table sync.breakers set (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);
alter table sync.workers set (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

-- The retention task asks organisation by organisation, because each has its own time: with the time alone it went through every
-- row that is not due yet, half a minute among fifty million.
drop index registry.observations_with_contact;
drop index registry.observations_with_number;
create index observations_with_contact on registry.observations (organization_id, received_at) where contact_erased_at is null;
create index observations_with_number on registry.observations (organization_id, received_at) where personnummer_index is not null;

reset role;

-- migrate:down
do $$ begin raise exception 'Migrations are not taken back: write the next one, which puts right what this one did.'; end $$;
