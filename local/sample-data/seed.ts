import type pg from 'pg';
import { createIndexer } from '../../personnummer/blind-index.ts';
import { parsePublicKeys, parseSecrets } from '../../personnummer/keys.ts';
import { createSealer } from '../../personnummer/seal.ts';
import { readPersonnummer } from '../../personnummer/validate.ts';
import type { ProviderName } from '../identity-provider/person.ts';
import { subjectAt } from '../identity-provider/person.ts';
import type { LocalKeys } from '../keys.ts';
import { tokenVariable } from '../member-system/main.ts';
import type { SampleCase, SampleMember } from './case.ts';
import { type SampleCoordinator, sampleCoordinators } from './coordinators.ts';
import { insertRow } from './insert-row.ts';
import { type SampleOrganization, sampleOrganizations } from './organizations.ts';
import { allSampleCases } from './persons.ts';
import { clientId, type SampleProvider, sampleProviders } from './providers.ts';

/** What the rows say about the rest of the stack. */
export type Surroundings = {
  keys: LocalKeys;
  issuers: Record<ProviderName, string>;
  /** Base of the member systems, without a slash at the end. */
  memberSystemUrl: string;
  /** The app's address, registered for each organisation. */
  returnTo: string;
  /** Where a coordinator's sign-in at the desk returns to. */
  deskReturnTo: string;
};

/** Fills an empty, migrated database with the sample organisations, in one transaction. */
export async function seed(client: pg.ClientBase, surroundings: Surroundings): Promise<void> {
  await client.query('begin');
  for (const organization of sampleOrganizations) {
    const { id } = await addOrganization(client, organization, surroundings);
    const seal = createSealing(surroundings.keys, id);
    for (const sample of allSampleCases) {
      if (sample.person.organization !== organization.slug) continue;
      const memberIds = [];
      for (const member of sample.members) {
        const columns = { organization_id: id, ...memberColumns(member), ...(await seal(member)) };
        memberIds.push((await insertRow<{ id: string }>(client, 'registry.members', columns)).id);
      }
      if (sample.linked) await link(client, sample, { organizationId: id, memberId: memberIds[0], ...surroundings });
    }
  }
  await client.query('commit');
}

async function addOrganization(
  client: pg.ClientBase,
  { slug, name, coordinator }: SampleOrganization,
  to: Surroundings,
) {
  const organization = await insertRow<{ id: string }>(client, 'registry.organizations', {
    slug,
    name,
    return_to: [to.returnTo],
    capture_basis: 'Synthetic numbers on a developer’s machine; nobody’s data',
    capture_necessity:
      'To try out what happens to a number; name and birth date of the sample people would not show it',
    capture_decided_by: 'The developer',
    capture_decided_at: new Date(),
    retention: '1 year',
  });
  const organization_id = organization.id;
  for (const provider of sampleProviders) {
    if (provider.organization !== slug) continue;
    await insertRow(client, 'registry.identity_providers', {
      organization_id,
      ...providerColumns(provider, to.issuers),
    });
  }
  await insertRow(client, 'sync.member_systems', {
    organization_id,
    url_template: `${to.memberSystemUrl}/${slug}/members/{external_id}/personnummer`,
    auth: 'bearer',
    secret_env: tokenVariable(slug),
    timeout_ms: 3_000,
  });
  for (const app of sampleApps(to)) await insertRow(client, 'registry.oauth_clients', { organization_id, ...app });
  await insertRow(client, 'registry.coordinators', {
    user_id: coordinator,
    organization_id,
    name: 'Supabase-brukeren',
  });
  for (const sample of sampleCoordinators) {
    if (sample.organization !== slug) continue;
    await insertRow(client, 'registry.coordinators', { organization_id, ...coordinatorColumns(sample, to.issuers) });
  }
  return organization;
}

/** The desk, the sample app by the standard, and scripts that sign a coordinator in without the desk. */
function sampleApps({ returnTo, deskReturnTo }: Surroundings) {
  return [
    {
      client_id: 'coordinator-desk',
      audience: 'coordinators',
      redirect_uris: [deskReturnTo],
      name: 'Coordinators’ desk',
    },
    { client_id: 'sample-app', audience: 'members', redirect_uris: [returnTo], name: 'Sample app' },
    { client_id: 'local-script', audience: 'coordinators', redirect_uris: [returnTo], name: 'Scripts on this machine' },
  ];
}

/** One waits for the first sign-in, the other has signed in before. */
function coordinatorColumns(
  { organization, person, name, email, state }: SampleCoordinator,
  issuers: Surroundings['issuers'],
) {
  if (state === 'invited') return { name, email, invited_at: new Date() };
  return { name, email, issuer: issuers.staff, subject: subjectAt(clientId(organization), person) };
}

function providerColumns(sample: SampleProvider, issuers: Surroundings['issuers']) {
  const { provider, clientId: client_id, secretVariable, authMethod, lookup, columns } = sample;
  return {
    provider,
    issuer: issuers[provider],
    client_id,
    client_secret_env: secretVariable,
    token_endpoint_auth_method: authMethod,
    ...(lookup === undefined
      ? {}
      : {
          lookup_client_id: lookup.clientId,
          lookup_client_secret_env: lookup.secretVariable,
          lookup_auth_method: 'client_secret_basic',
        }),
    ...columns,
  };
}

/** As if the member had linked this login from "my page" before. */
async function link(
  client: pg.ClientBase,
  { person: { provider, organization, id } }: SampleCase,
  to: Pick<Surroundings, 'issuers'> & { organizationId: string; memberId: string | undefined },
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
