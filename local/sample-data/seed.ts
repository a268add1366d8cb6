import type pg from 'pg';
import { createIndexer } from '../../personnummer/blind-index.ts';
import { parsePublicKeys, parseSecrets } from '../../personnummer/keys.ts';
import { createSealer } from '../../personnummer/seal.ts';
import { readPersonnummer } from '../../personnummer/validate.ts';
import type { ProviderName } from '../identity-provider/person.ts';
import { subjectAt } from '../identity-provider/person.ts';
import type { LocalKeys } from '../keys.ts';
import type { SampleCase, SampleMember } from './case.ts';
import { insertRow } from './insert-row.ts';
import { allSampleCases } from './persons.ts';
import { clientId } from './providers.ts';

/** What the records need of the rest of the stack. */
export type SeedOptions = { keys: LocalKeys; issuers: Record<ProviderName, string> };

/** Gives the sample organisations, which are configured already, their members, in one transaction. */
export async function seed(client: pg.ClientBase, { keys, issuers }: SeedOptions): Promise<void> {
  await client.query('begin');
  const { rows } = await client.query<{ id: string; slug: string }>('select id, slug from registry.organizations');
  let counted = 0;
  for (const { id, slug } of rows) {
    const seal = createSealing(keys, id);
    for (const sample of allSampleCases) {
      if (sample.person.organization !== slug) continue;
      const memberIds = [];
      for (const member of sample.members) {
        const columns = { organization_id: id, ...memberColumns(member), ...(await seal(member)) };
        const { id: memberId } = await insertRow<{ id: string }>(client, 'registry.members', columns);
        memberIds.push(memberId);
        await addMembership(client, { organization_id: id, member_id: memberId }, counted);
        counted += 1;
      }
      if (sample.linked) await link(client, sample, { organizationId: id, memberId: memberIds[0], issuers });
    }
  }
  await client.query('commit');
}

const places = ['0301', '4601', '5001', '3403', '5501', '1103', '3905'];

/** What grants ask about: most have paid for last year, in one of several counties. */
async function addMembership(client: pg.ClientBase, of: { organization_id: string; member_id: string }, nth: number) {
  const year = new Date().getFullYear() - 1;
  const municipality = places[nth % places.length];
  await insertRow(client, 'reporting.residences', {
    ...of,
    known_from: `${year - 3}-01-15`,
    municipality,
    municipality_year: 2025,
    municipality_written: municipality,
    address: `Storgata ${nth}`,
    postal_code: '0001',
    chapter: `Lokallag ${municipality}`,
  });
  await insertRow(client, 'reporting.memberships', { ...of, since: `${year - 3}-01-01` });
  if (nth % 5 === 0) return;
  const paid_on = nth % 7 === 0 ? `${year + 1}-01-20` : `${year}-03-15`;
  await insertRow(client, 'reporting.dues', { ...of, year, paid_on, amount: 35_000 });
}

/** As if the member had linked this login from "my page" before. */
async function link(
  client: pg.ClientBase,
  { person: { provider, organization, id } }: SampleCase,
  to: { issuers: SeedOptions['issuers']; organizationId: string; memberId: string | undefined },
) {
  await insertRow(client, 'registry.identity_links', {
    organization_id: to.organizationId,
    provider,
    issuer: to.issuers[provider],
    subject: subjectAt(clientId(organization), id),
    member_id: to.memberId,
    match_rule: 'explicit',
  });
}

function memberColumns({ externalId, givenName, familyName, birthDate, phone, email }: SampleMember) {
  return {
    external_id: externalId,
    given_name: givenName,
    family_name: familyName,
    birth_date: birthDate,
    phone,
    email,
  };
}

/** Seals as the callback does, so that the worker can read what the sample records hold. */
function createSealing(keys: LocalKeys, organizationId: string) {
  const sealer = createSealer(parsePublicKeys(keys.PERSONNUMMER_SEALING_KEYS).keys);
  const indexer = createIndexer(parseSecrets(keys.PERSONNUMMER_INDEX_SECRETS).secrets);
  return async (member: SampleMember) => {
    const reading = readPersonnummer(member.personnummer, { synthetic: true });
    if (reading.status === 'refused') return {};
    return {
      personnummer_index: indexer.indexes(reading.personnummer, organizationId)[0],
      personnummer_sealed: await sealer.seal(reading.personnummer),
      personnummer_masked: reading.personnummer.masked(),
      personnummer_source: 'import',
      personnummer_at: new Date(),
    };
  };
}
