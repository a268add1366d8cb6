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
    const rows = await readRows(client, organization);
    const meant = new Set<Columns>();
    for (const wanted of wantedRows(entry)) {
      const current = await findRow(client, wanted, rows);
      if (current !== undefined) meant.add(current);
      const difference = await tellApart(client, wanted, current, defaults.get(wanted.table) as Columns);
      if (difference !== undefined) found.push({ organization, ...difference });
    }
    for (const [table, ofTable] of rows) {
      const extra = ofTable.filter((row) => !meant.has(row));
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

type Rows = ReadonlyMap<ConfiguredTable, readonly Columns[]>;

/** What there is of an organisation: its own row, and those of the other tables; none where it is not there yet. */
async function readRows(client: pg.ClientBase, slug: string): Promise<Rows> {
  const rows = new Map<ConfiguredTable, Columns[]>();
  for (const table of configuredTables) {
    const own =
      table === organizationTable
        ? 't.slug = $1'
        : 't.organization_id = (select id from registry.organizations where slug = $1)';
    // An invitation is good for 30 days (private.use_invitation).
    const expired =
      table === coordinatorTable
        ? ` || jsonb_build_object('invitation_expired', t.state = 'invited' and t.invited_at <= now() - interval '30 days')`
        : '';
    const text = `select to_jsonb(t)${expired} as row from ${table.name} as t where ${own} order by t.created_at`;
    rows.set(
      table,
      (await client.query<{ row: Columns }>(text, [slug])).rows.map(({ row }) => row),
    );
  }
  return rows;
}

async function findRow(client: pg.ClientBase, { table, columns }: WantedRow, rows: Rows): Promise<Columns | undefined> {
  const ofTable = rows.get(table) ?? [];
  if (table !== coordinatorTable) return ofTable.find((row) => table.key.every((name) => row[name] === columns[name]));
  const userId = await findCoordinator(client, rows.get(organizationTable)?.[0]?.id, columns);
  return ofTable.find((row) => row.user_id === userId);
}

/** Whoever was invited by e-mail address stays the same coordinator after signing in. */
async function findCoordinator(
  client: pg.ClientBase,
  organizationId: unknown,
  { user_id, issuer, subject, email }: Columns,
): Promise<string | undefined> {
  const { rows } = await client.query<{ user_id: string }>(
    `select k.user_id from registry.coordinators as k
     where k.organization_id = $1 and case
       when $2::uuid is not null then k.user_id = $2
       when $4::text is not null then (k.issuer, k.subject) = ($3, $4)
       else private.email_key(k.email) = private.email_key($5) end
     order by k.created_at limit 1`,
    [organizationId ?? null, user_id ?? null, issuer ?? null, subject ?? null, email ?? null],
  );
  return rows[0]?.user_id;
}

function placeOf(table: ConfiguredTable, row: Columns): Difference['place'] {
  const column = 'id' in row ? 'id' : (table.key[0] as string);
  return { column, value: String(row[column]) };
}

function label({ key }: ConfiguredTable, row: Columns): string {
  return String(row.email ?? row.name ?? row[key[0] ?? ''] ?? row.user_id ?? row.subject ?? '');
}
