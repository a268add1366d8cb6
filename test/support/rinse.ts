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
const OF_MIGRATIONS = new Set([
  'graphile_worker.migrations',
  'migrations.schema_migrations',
  'reporting.divisions',
  'reporting.counties',
  'reporting.municipalities',
  'reporting.municipality_changes',
  'reporting.grant_rules',
]);

/** A table, and its guards: triggers that fire whatever the session says, and refuse even a superuser. */
type Table = { name: string; guards: string[] };

const TABLES = `
  select c.oid::regclass::text as name,
    array(select quote_ident(t.tgname) from pg_trigger as t where t.tgrelid = c.oid and t.tgenabled = 'A' and not t.tgisinternal) as guards
  from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
  where c.relkind in ('r', 'm') and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_'`;

/** A superuser can leave event triggers out from PostgreSQL 17 on; with an older one each test has a new database. */
const CAN_BE_EMPTIED = `select current_setting('server_version_num')::integer >= 170000 as can`;

// Dead rows stay until somebody vacuums: a test that has written much leaves a database in which the next would be slow.
const MUCH = 1_000_000;

/** What a new test database is like. */
export type AsNew = { shape: Shape; tables: Table[]; canBeEmptied: boolean };

export async function lookAt(owner: pg.Pool): Promise<AsNew> {
  return {
    shape: await shapeOf(owner),
    tables: (await owner.query<Table>(TABLES)).rows,
    canBeEmptied: (await owner.query<{ can: boolean }>(CAN_BE_EMPTIED)).rows[0]?.can === true,
  };
}

async function shapeOf(owner: pg.Pool): Promise<Shape> {
  return (await owner.query<{ shape: Shape }>(SHAPE)).rows[0]?.shape as Shape;
}

export type Made = { name: string; pools: KeptPools; asNew: AsNew };

/** @returns false where the database's structure is not as it was, or somebody still uses it: it is not for another test then */
export async function isUnchanged(maintenance: pg.Pool, { name, pools, asNew }: Made): Promise<boolean> {
  if (!asNew.canBeEmptied || !(await pools.asNew()) || (await shapeOf(pools.owner)) !== asNew.shape) return false;
  const othersGone = async () =>
    (
      await maintenance.query('select from pg_stat_activity where datname = $1 and pid <> all ($2)', [
        name,
        pools.backends,
      ])
    ).rowCount === 0;
  return await until('nobody connected', othersGone, 1_000, 10).catch(() => false);
}

export type Rows = Map<string, string[]>;

/** Every row as text, by table: of all tables at once, by a statement that the server plans once for many tests. */
export async function readRows({ pools, asNew }: Made): Promise<Rows> {
  const rows: Rows = new Map();
  // Emptying changes guarded tables for a moment, after which what names them is planned anew.
  for (const isGuarded of [false, true]) {
    const selects = asNew.tables
      .filter(({ guards }) => guards.length > 0 === isGuarded)
      .map(({ name }) => `select '${name}' as name, t::text as text from ${name} as t`);
    const found = await pools.owner.query<{ name: string; text: string }>({
      name: isGuarded ? 'guarded rows' : 'rows',
      text: selects.join(' union all '),
    });
    for (const [name, of] of Map.groupBy(found.rows, ({ name }) => name)) {
      rows.set(
        name,
        of.map(({ text }) => text),
      );
    }
  }
  return rows;
}

/**
 * Deletes: tables are small, and a new file for each of them and their indexes takes longer.
 *
 * @param rows what is in it, while nobody writes any more
 * @returns false where that is too much
 */
export async function emptyAgain({ pools, asNew }: Made, rows: Rows): Promise<boolean> {
  const size = [...rows.values()].flat().reduce((sum, text) => sum + text.length, 0);
  if (size > MUCH) return false;
  const filled = asNew.tables.filter(({ name }) => rows.has(name) && !OF_MIGRATIONS.has(name));
  const guards = (how: string) =>
    filled.flatMap(({ name, guards }) => guards.map((guard) => `alter table ${name} ${how} trigger ${guard}`));
  await pools.owner.query(
    [
      'begin',
      'set local session_replication_role = replica',
      'set local event_triggers = off',
      ...guards('disable'),
      ...filled.map(({ name }) => `delete from ${name}`),
      `select setval(format('%I.%I', schemaname, sequencename), start_value, false) from pg_sequences where last_value is not null`,
      ...guards('enable always'),
      'commit',
    ].join(';'),
  );
  return true;
}
