import type pg from 'pg';
import type { KeptPools } from './kept-pools.ts';
import { until } from './until.ts';

/** What has to be as it was before a database is given to another test: objects, privileges, settings. */
export type Shape = string;

const SHAPE = `
  select concat_ws(' ', (select count(*) from structure.changes), (select count(*) from pg_class where relpersistence <> 't'),
    (select count(*) from pg_proc), (select count(*) from pg_trigger), (select count(*) from pg_namespace where nspname !~ '^pg_'),
    (select count(*) from migrations.schema_migrations), d.datacl::text,
    (select string_agg(s.setrole::text || s.setconfig::text, ' ' order by s.setrole) from pg_db_role_setting as s where s.setdatabase = d.oid)
  ) as shape
  from pg_database as d where d.datname = current_database()`;

// What the migrations have written. All other tables are empty before a test.
const OF_MIGRATIONS = `array['graphile_worker.migrations', 'migrations.schema_migrations', 'reporting.divisions', 'reporting.counties',
  'reporting.municipalities', 'reporting.municipality_changes', 'reporting.grant_rules']`;

// Dead rows stay until somebody vacuums: a test that has written much leaves a database in which the next would be slow.
const MUCH = 4_000_000;

/** Deletes: tables are small, and a new file for each of them and their indexes takes longer. Guards refuse even a superuser. */
const EMPTY = `
  begin;
  set local session_replication_role = replica;
  set local event_triggers = off;
  do $$
  declare
    v_table regclass;
    v_guard text;
    v_guards constant text[] := array(
      select format('alter table %s %%s trigger %I', t.tgrelid::regclass, t.tgname) from pg_trigger as t where t.tgenabled = 'A' and not t.tgisinternal);
  begin
    foreach v_guard in array v_guards loop
      execute format(v_guard, 'disable');
    end loop;
    for v_table in
      select c.oid from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
      where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_' and pg_relation_size(c.oid) > 0
        and c.oid::regclass::text <> all (${OF_MIGRATIONS})
    loop
      execute format('delete from %s', v_table);
    end loop;
    perform setval(format('%I.%I', s.schemaname, s.sequencename), s.start_value, false) from pg_sequences as s where s.last_value is not null;
    foreach v_guard in array v_guards loop
      execute format(v_guard, 'enable always');
    end loop;
  end
  $$;
  commit`;

/** A superuser can leave event triggers out from PostgreSQL 17 on; with an older one each test has a new database. */
const CAN_BE_EMPTIED = `
  select current_setting('server_version_num')::integer >= 170000 and sum(pg_relation_size(c.oid)) < ${MUCH} as can
  from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
  where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema')`;

export async function shapeOf(owner: pg.Pool): Promise<Shape> {
  return (await owner.query<{ shape: Shape }>(SHAPE)).rows[0]?.shape as Shape;
}

/** @returns false where the database is not as it was, or is still used: it is not for another test then */
export async function emptyAgain(
  maintenance: pg.Pool,
  { name, pools, shape }: { name: string; pools: KeptPools; shape: Shape },
): Promise<boolean> {
  if (!(await pools.asNew())) return false;
  if ((await shapeOf(pools.owner)) !== shape) return false;
  if ((await pools.owner.query(CAN_BE_EMPTIED)).rows[0].can !== true) return false;
  const othersGone = async () =>
    (
      await maintenance.query('select from pg_stat_activity where datname = $1 and pid <> all ($2)', [
        name,
        pools.backends,
      ])
    ).rowCount === 0;
  if (!(await until('nobody connected', othersGone, 1_000, 10).catch(() => false))) return false;
  await pools.owner.query(EMPTY);
  return true;
}
