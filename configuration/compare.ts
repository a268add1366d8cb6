import type pg from 'pg';
import type { ConfigurationFile } from './file-schema.ts';
import { type ConfiguredTable, configuredTables, coordinatorTable, organizationTable } from './tables.ts';
import { type Columns, type WantedRow, wantedRows } from './wanted-rows.ts';

export type ChangedColumn = { name: string; from: unknown; to: unknown };

/** What tells the file and the database apart, in one row. */
export type Difference = {
  /** `extra`: the row is in the database and not in the file. */
  kind: 'add' | 'change' | 'extra';
  /** Slug. */
  organization: string;
  table: ConfiguredTable;
  /** Which row, for people: `vipps`, `nhf-app`, an e-mail address. */
  label: string;
  /** Which row, for the database: null for one that is not there yet. */
  place: { column: string; value: string } | null;
  columns: ChangedColumn[];
};

/**
 * Compares every row that the file describes with the database, in the database's own form of each value, so that `2 years` and
 * `24 months` are told apart only where PostgreSQL does.
 *
 * @param client inside a transaction whose time zone is UTC
 * @throws pg.DatabaseError where a value does not fit its column
 */
export async function compare(client: pg.ClientBase, file: ConfigurationFile): Promise<Difference[]> {
  const defaults = new Map<ConfiguredTable, Columns>();
  for (const table of configuredTables) defaults.set(table, await readDefaults(client, table));
  const found: Difference[] = [];
  for (const entry of file.organizations) {
    const organization = entry.slug;
    const id = (await rowsOf(client, organizationTable, 'slug', organization))[0]?.id as string | undefined;
    const wanted = wantedRows(entry);
    const meant = new Map<ConfiguredTable, Set<unknown>>(configuredTables.map((table) => [table, new Set()]));
    for (const row of wanted) {
      const current = await findRow(client, row, organization, id);
      if (current !== undefined) meant.get(row.table)?.add(identity(row.table, current));
      const difference = await tellApart(client, row, current, defaults.get(row.table) as Columns);
      if (difference !== undefined) found.push({ organization, ...difference });
    }
    for (const table of id === undefined ? [] : configuredTables.filter((each) => each !== organizationTable)) {
      const extra = (await rowsOf(client, table, 'organization_id', id as string)).filter(
        (row) => !meant.get(table)?.has(identity(table, row)),
      );
      found.push(
        ...extra.map((row) => ({
          kind: 'extra' as const,
          organization,
          table,
          label: label(table, row),
          place: placeOf(table, row),
          columns: [],
        })),
      );
    }
  }
  const described = file.organizations.map(({ slug }) => slug);
  const { rows } = await client.query<{ slug: string }>(
    'select slug from registry.organizations where slug <> all ($1) order by slug',
    [described],
  );
  for (const { slug } of rows) {
    found.push({ kind: 'extra', organization: slug, table: organizationTable, label: slug, place: null, columns: [] });
  }
  return found;
}

/** What a column has where nobody says otherwise, as PostgreSQL itself works it out. */
async function readDefaults(client: pg.ClientBase, table: ConfiguredTable): Promise<Columns> {
  const { rows } = await client.query<{ name: string; expression: string }>(
    `select a.attname as name, pg_get_expr(d.adbin, d.adrelid) as expression
     from pg_attribute as a join pg_attrdef as d on (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
     where a.attrelid = $1::regclass and a.attname = any ($2) and a.attgenerated = ''`,
    [table.name, table.columns.filter((name) => !table.shared.includes(name))],
  );
  if (rows.length === 0) return {};
  const pairs = rows.map(({ name, expression }) => `'${name}', to_jsonb(${expression})`).join(', ');
  return (
    (await client.query<{ defaults: Columns }>(`select jsonb_build_object(${pairs}) as defaults`)).rows[0]?.defaults ??
    {}
  );
}

async function tellApart(
  client: pg.ClientBase,
  { table, columns }: WantedRow,
  current: Columns | undefined,
  defaults: Columns,
): Promise<Omit<Difference, 'organization'> | undefined> {
  const wanted = await inColumnTypes(client, table, { ...defaults, ...columns });
  const set = table.columns.filter((name) => !table.shared.includes(name) || columns[name] !== undefined);
  if (current === undefined) {
    const given = set.filter((name) => columns[name] !== undefined);
    const added = given.map((name) => ({ name, from: null, to: wanted[name] }));
    return { kind: 'add', table, label: label(table, columns), place: null, columns: added };
  }
  const changed = set
    .filter((name) => JSON.stringify(current[name]) !== JSON.stringify(wanted[name]))
    .map((name) => ({ name, from: current[name], to: wanted[name] }));
  if (table === coordinatorTable && current.invitation_expired === true) {
    changed.push({ name: 'invited_at', from: current.invited_at, to: 'now' });
  }
  if (changed.length === 0) return undefined;
  return { kind: 'change', table, label: label(table, current), place: placeOf(table, current), columns: changed };
}

/** The same values as the columns would hold them. */
async function inColumnTypes(client: pg.ClientBase, { name }: ConfiguredTable, columns: Columns): Promise<Columns> {
  const { rows } = await client.query<{ row: Columns }>(
    `select to_jsonb(jsonb_populate_record(null::${name}, $1::jsonb)) as row`,
    [JSON.stringify(columns)],
  );
  return rows[0]?.row ?? {};
}

async function findRow(
  client: pg.ClientBase,
  { table, columns }: WantedRow,
  slug: string,
  id: string | undefined,
): Promise<Columns | undefined> {
  if (table === organizationTable) return (await rowsOf(client, table, 'slug', slug))[0];
  if (id === undefined) return undefined;
  if (table === coordinatorTable) return findCoordinator(client, id, columns);
  const rows = await rowsOf(client, table, 'organization_id', id);
  return rows.find((row) => table.key.every((name) => row[name] === columns[name]));
}

/** Whoever was invited by e-mail address stays the same coordinator after signing in. */
async function findCoordinator(
  client: pg.ClientBase,
  id: string,
  { user_id, issuer, subject, email }: Columns,
): Promise<Columns | undefined> {
  const { rows } = await client.query<{ row: Columns }>(
    `select to_jsonb(k) || jsonb_build_object(
       'invitation_expired', k.state = 'invited' and k.invited_at <= now() - interval '30 days') as row
     from registry.coordinators as k
     where k.organization_id = $1 and case
       when $2::uuid is not null then k.user_id = $2
       when $4::text is not null then (k.issuer, k.subject) = ($3, $4)
       else private.email_key(k.email) = private.email_key($5) end
     order by k.created_at limit 1`,
    [id, user_id ?? null, issuer ?? null, subject ?? null, email ?? null],
  );
  return rows[0]?.row;
}

async function rowsOf(
  client: pg.ClientBase,
  { name }: ConfiguredTable,
  column: string,
  value: string,
): Promise<Columns[]> {
  const { rows } = await client.query<{ row: Columns }>(
    `select to_jsonb(t) as row from ${name} as t where t.${column} = $1 order by t.created_at`,
    [value],
  );
  return rows.map(({ row }) => row);
}

function placeOf(table: ConfiguredTable, row: Columns): Difference['place'] {
  const column = 'id' in row ? 'id' : (table.key[0] as string);
  return { column, value: String(row[column]) };
}

const identity = (table: ConfiguredTable, row: Columns) => placeOf(table, row)?.value;

function label({ key }: ConfiguredTable, row: Columns): string {
  return String(row.email ?? row.name ?? row[key[0] ?? ''] ?? row.user_id ?? row.subject ?? '');
}
