import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { SEALED } from '../bench/world.ts';
import { type Batch, populate } from './population.ts';

/** The organisation whose members these are. */
export const SLUG = 'linkage';
export const issuerOf = (provider: string) => `https://${provider}.example/`;

/** The truth, and what the organisation and the providers have of it, in a schema of their own. */
const TABLES = `
  create schema linkage;
  create table linkage.people (id integer, household integer, role text, twin boolean, language text);
  create table linkage.records (external_id text, person integer, number text, masked text, given text, family text, birth_date date,
    phone text, email text, faults text[]);
  create table linkage.logins (n integer, person integer, provider text, number text, masked text, given text, family text, birth_date date,
    phone text, email text, email_verified boolean, told text[]);`;

const INDEXES = `
  alter table linkage.people add primary key (id);
  alter table linkage.records add primary key (external_id);
  alter table linkage.logins add primary key (n);
  create index on linkage.records (person);
  create index on linkage.records (number);
  create index on linkage.records (phone);
  create index on linkage.records (lower(email));
  analyze linkage.people, linkage.records, linkage.logins;`;

/** The records become members, as an import would have left them. */
const MEMBERS = `
  insert into registry.members (organization_id, external_id, given_name, family_name, birth_date, email, phone,
    personnummer_index, personnummer_sealed, personnummer_masked, personnummer_source, personnummer_at)
  select $1, external_id, given, family, birth_date, email, phone,
    number, case when number is not null then $2 end, masked, case when number is not null then 'import'::registry.source end, case when number is not null then now() end
  from linkage.records`;

export type Size = { members: number; seed: number };

/** Makes the population in the database. @param pool a superuser's */
export async function createWorld(pool: pg.Pool, size: Size): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query(TABLES);
    let [records, logins] = [0, 0];
    for (const batch of populate(size)) {
      for (const [table, rows] of Object.entries(rowsOf(batch, records, logins))) await copy(client, table, rows);
      records += batch.records.length;
      logins += batch.logins.length;
    }
    await client.query(INDEXES);
    await client.query(MEMBERS, [await addOrganization(client), SEALED]);
    await client.query('vacuum analyze registry.members');
  } finally {
    client.release();
  }
}

async function addOrganization(client: pg.PoolClient): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    `insert into registry.organizations (slug, name, return_to, capture_basis, capture_necessity, capture_decided_by, capture_decided_at,
       retention)
     values ($1, $1, '{https://app.example/return}', 'measured', 'measured', 'nobody', now(), '1 year') returning id`,
    [SLUG],
  );
  const { id } = rows[0] as { id: string };
  for (const provider of ['vipps', 'bankid', 'idporten']) {
    await client.query(
      `insert into registry.identity_providers (organization_id, provider, issuer, client_id, client_secret_env)
       values ($1, $2, $3, 'linkage', 'OIDC_LINKAGE')`,
      [id, provider, issuerOf(provider)],
    );
  }
  return id;
}

function rowsOf(
  { people, records, logins }: Batch,
  recordsBefore: number,
  loginsBefore: number,
): Record<string, unknown[][]> {
  return {
    people: people.map((p) => [p.id, p.household, p.role, p.twin, p.language.name]),
    records: records.map((r, at) => [
      `m${recordsBefore + at + 1}`,
      r.person,
      r.number?.index,
      r.number?.masked,
      r.given,
      r.family,
      r.birthDate,
      r.phone,
      r.email,
      array(r.faults),
    ]),
    logins: logins.map((l, at) => [
      loginsBefore + at + 1,
      l.person,
      l.provider,
      l.number?.index,
      l.number?.masked,
      l.given,
      l.family,
      l.birthDate,
      l.phone,
      l.email,
      l.emailVerified,
      array(l.told),
    ]),
  };
}

async function copy(client: pg.PoolClient, table: string, rows: unknown[][]): Promise<void> {
  const lines = rows.map((row) => `${row.map(field).join('\t')}\n`);
  await pipeline(Readable.from(lines), client.query(copyFrom(`copy linkage.${table} from stdin`)));
}

const field = (value: unknown) =>
  value === null || value === undefined ? '\\N' : String(value).replace(/[\\\t\n\r]/g, '\\$&');
const array = (values: string[]) => `{${values.map((value) => `"${value}"`).join(',')}}`;
