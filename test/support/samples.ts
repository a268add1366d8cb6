import { randomUUID } from 'node:crypto';
import { insertRow, type Queryable } from '../../local/sample-data/insert-row.ts';
import type { Personnummer } from '../../personnummer/personnummer.ts';
import { readPersonnummer } from '../../personnummer/validate.ts';
import { testKeys } from './keys.ts';

export { syntheticNumber } from '../../local/sample-data/synthetic-number.ts';
export { testKeys } from './keys.ts';

/** Synthetic numbers (month + 80), which can belong to nobody. `syntheticNumber(birthDate, nth)` makes more. */
export const sampleNumbers = [
  '01815025039',
  '31926110341',
  '08837220093',
  '17858433347',
  '29828804004',
  '24929948099',
  '01810099816',
  '29820099840',
  '10900570029',
  '30869800100',
  '52829431130',
  '61887640024',
] as const;

/** Well-formed, and brought to places where no number belongs: the search for leaks does not look for this one. */
export const decoyNumber = '15864590044';

/** The database itself, or something with a pool. */
type Database = { pool: Queryable };
type Columns = Readonly<Record<string, unknown>>;

export type Organization = { id: string; slug: string; name: string; return_to: string[] };
export type Member = { id: string; organization_id: string; external_id: string; user_id: string };
export type Row = Readonly<Record<string, unknown>> & { id: string };

/** A number as the database is given it, under the keys of `testKeys()`. */
export type SealedNumber = { personnummer_index: string; personnummer_sealed: string; personnummer_masked: string };

/** An organisation, by default with a recorded legal basis, so that numbers are captured. Takes the table's columns too. */
export function addOrganization(db: Database, values: Columns & { capture?: boolean } = {}): Promise<Organization> {
  const { capture = true, ...columns } = values;
  const basis = {
    capture_basis: 'Recorded for a test',
    capture_necessity: 'Name and birth date are shared by several members',
    capture_decided_by: 'The board of the sample organisation',
    capture_decided_at: new Date('2026-01-15T12:00:00Z'),
    retention: '1 year',
  };
  const slug = `org-${randomUUID().slice(0, 8)}`;
  return insertRow(db.pool, 'registry.organizations', {
    slug,
    name: `Sample organisation ${slug}`,
    return_to: ['https://app.example/return'],
    ...(capture ? basis : {}),
    ...columns,
  });
}

/** How an organisation logs in with a provider; by default Vipps' ways. Takes the table's columns. */
export function addProvider(db: Database, organization: { id: string }, columns: Columns = {}): Promise<Row> {
  return insertRow(db.pool, 'registry.identity_providers', {
    organization_id: organization.id,
    provider: 'vipps',
    issuer: 'https://provider.example/access-management-1.0/access/',
    client_id: `client-${randomUUID()}`,
    client_secret_env: 'OIDC_TEST_CLIENT_SECRET',
    scopes: ['openid', 'name', 'phoneNumber', 'email', 'birthDate', 'nin'],
    ...columns,
  });
}

/** A member record. `personnummer`, if given, is stored sealed. Takes the table's columns too. */
export async function addMember(
  db: Database,
  organization: { id: string },
  values: Columns & { personnummer?: string } = {},
): Promise<Member> {
  const { personnummer, ...columns } = values;
  return insertRow(db.pool, 'registry.members', {
    organization_id: organization.id,
    external_id: `m-${randomUUID().slice(0, 8)}`,
    ...(personnummer === undefined ? {} : await sealNumber(personnummer, organization)),
    ...columns,
  });
}

/** A synthetic number as the callback hands it over for a member of this organisation. */
export async function sealNumber(digits: string, organization: { id: string }): Promise<SealedNumber> {
  const { sealer, indexer } = testKeys();
  const personnummer = asPersonnummer(digits);
  return {
    personnummer_index: indexer.indexes(personnummer, organization.id)[0] as string,
    personnummer_sealed: await sealer.seal(personnummer),
    personnummer_masked: personnummer.masked(),
  };
}

/** Throws where the digits are no valid synthetic number. */
export function asPersonnummer(digits: string): Personnummer {
  const reading = readPersonnummer(digits, { synthetic: true });
  if (reading.status === 'refused') throw new Error(`no synthetic number: ${reading.absentReason}`);
  return reading.personnummer;
}

/** Where an organisation's changes are carried; by default an address nobody listens on. Takes the table's columns. */
export function addMemberSystem(db: Database, organization: { id: string }, columns: Columns = {}): Promise<Row> {
  return insertRow(db.pool, 'sync.member_systems', {
    organization_id: organization.id,
    url_template: 'http://127.0.0.1:9/members/{external_id}',
    ...columns,
  });
}

/** Makes somebody a coordinator; answers their Supabase user id. */
export async function addCoordinator(
  db: Database,
  organization: { id: string },
  userId: string = randomUUID(),
): Promise<string> {
  await insertRow(db.pool, 'registry.coordinators', { user_id: userId, organization_id: organization.id });
  return userId;
}

/** An app that logs in by the standard; by default a members' one. Takes the table's columns. */
export async function addClient(db: Database, organization: { id: string }, columns: Columns = {}): Promise<void> {
  await insertRow(db.pool, 'registry.oauth_clients', {
    organization_id: organization.id,
    client_id: 'app',
    redirect_uris: ['https://app.example/return'],
    name: 'A sample app',
    ...columns,
  });
}
