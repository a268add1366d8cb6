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
  for (const { id, slug } of rows) {
    const seal = createSealing(keys, id);
    for (const sample of allSampleCases) {
      if (sample.person.organization !== slug) continue;
      const memberIds = [];
      for (const member of sample.members) {
        const columns = { organization_id: id, ...memberColumns(member), ...(await seal(member)) };
        memberIds.push((await insertRow<{ id: string }>(client, 'registry.members', columns)).id);
      }
      if (sample.linked) await link(client, sample, { organizationId: id, memberId: memberIds[0], issuers });
    }
  }
  await client.query('commit');
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
