import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { Personnummer } from '../../../../personnummer/personnummer.ts';
import type { TestDatabase } from '../../../support/database.ts';
import { indexer, sealers } from './keys.ts';

/** Some of the sample numbers; nobody's. */
export const sampleNumbers = ['01815025039', '31926110341', '08837220093', '17858433347', '29828804004'] as const;

export type RecordOptions = {
  number?: string;
  externalId?: string;
  sealer?: 'current' | 'foreign';
  /** By default the stage's own. */
  organizationId?: string;
};

export async function one<Row extends pg.QueryResultRow>(
  db: TestDatabase,
  text: string,
  values: unknown[] = [],
): Promise<Row> {
  const row = (await db.pool.query<Row>(text, values)).rows[0];
  if (row === undefined) throw new Error('no row');
  return row;
}

export async function addOrganization(db: TestDatabase, slug: string, memberSystemUrl: string): Promise<string> {
  const { id } = await one<{ id: string }>(
    db,
    `insert into registry.organizations (slug, name, capture_basis, capture_necessity, capture_decided_by, capture_decided_at, retention)
     values ($1, $1, 'test', 'test', 'test', now(), interval '1 year') returning id`,
    [slug],
  );
  await db.pool.query(
    `insert into sync.member_systems (organization_id, url_template, auth, secret_env, timeout_ms)
     values ($1, $2, 'bearer', 'MEMBER_SYSTEM_NHF_TOKEN', 5000)`,
    [id, `${memberSystemUrl}/${slug}/members/{external_id}/personnummer`],
  );
  return id;
}

/** Adds a member with a number that nobody is told of, as an import does. */
export async function addRecord(db: TestDatabase, options: RecordOptions & { organizationId: string }) {
  const personnummer = new Personnummer(options.number ?? sampleNumbers[0]);
  const externalId = options.externalId ?? `m-${randomBytes(4).toString('hex')}`;
  const { id: memberId } = await one<{ id: string }>(
    db,
    `insert into registry.members (organization_id, external_id, personnummer_index, personnummer_sealed, personnummer_masked)
     values ($1, $2, $3, $4, $5) returning id`,
    [
      options.organizationId,
      externalId,
      indexer.indexes(personnummer, options.organizationId)[0],
      await sealers[options.sealer ?? 'current'].seal(personnummer),
      personnummer.masked(),
    ],
  );
  return { memberId, externalId };
}
