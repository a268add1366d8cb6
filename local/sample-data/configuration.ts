import { stringify } from 'yaml';
import { configure } from '../../configuration/configure.ts';
import type { ConfigurationFile, OrganizationEntry } from '../../configuration/file-schema.ts';
import { readConfigurationFile } from '../../configuration/read-file.ts';
import type { ProviderName } from '../identity-provider/person.ts';
import { subjectAt } from '../identity-provider/person.ts';
import { tokenVariable } from '../member-system/main.ts';
import { type SampleCoordinator, sampleCoordinators } from './coordinators.ts';
import { sampleIssuers } from './issuers.ts';
import { type SampleOrganization, sampleOrganizations } from './organizations.ts';
import { clientId, type SampleProvider, sampleProviders } from './providers.ts';

/** What the sample organisations' rows say about the rest of the stack. */
export type Surroundings = {
  issuers: Record<ProviderName, string>;
  /** Base of the member systems, without a slash at the end. */
  memberSystemUrl: string;
  /** Base of the invoice service, without a slash at the end. */
  invoiceServiceUrl: string;
  /** The app's address, registered for each organisation. */
  returnTo: string;
  /** Where a coordinator's sign-in at the desk returns to. */
  deskReturnTo: string;
};

/** The sample organisations as a file for `npm run configure`. */
export function sampleConfiguration(to: Surroundings): string {
  const file: ConfigurationFile = { organizations: sampleOrganizations.map((each) => organizationEntry(each, to)) };
  return `# yaml-language-server: $schema=../configuration/schema.json\n# Change it and run: npm run configure -- .local/configuration.yaml\n${stringify(file)}`;
}

/** Carries such a file out, without asking. */
export async function configureSamples(databaseUrl: string, text: string): Promise<void> {
  await configure({ file: readConfigurationFile(text, true), databaseUrl, prune: false, decide: async () => true });
}

function organizationEntry({ slug, name, coordinator }: SampleOrganization, to: Surroundings): OrganizationEntry {
  const coordinators = sampleCoordinators.filter(({ organization }) => organization === slug);
  return {
    slug,
    name,
    return_to: [to.returnTo],
    capture_basis: 'Synthetic numbers on a developer’s machine; nobody’s data',
    capture_necessity:
      'To try out what happens to a number; name and birth date of the sample people would not show it',
    capture_decided_by: 'The developer',
    capture_decided_at: '2026-01-01',
    retention: '1 year',
    providers: Object.fromEntries(
      sampleProviders
        .filter(({ organization }) => organization === slug)
        .map((sample) => [sample.provider, providerEntry(sample, to.issuers)]),
    ),
    member_system: {
      url_template: `${to.memberSystemUrl}/${slug}/members/{external_id}/personnummer`,
      auth: 'bearer',
      secret_env: tokenVariable(slug),
      timeout_ms: 3_000,
    },
    ...issuerEntry(slug, to),
    apps: sampleApps(to),
    coordinators: [
      { user_id: coordinator, name: 'Supabase-brukeren' },
      ...coordinators.map((sample) => coordinatorEntry(sample, to.issuers)),
    ],
  };
}

/** One organisation speaks the first interface, the others the second. */
function issuerEntry(slug: string, { invoiceServiceUrl }: Surroundings): Pick<OrganizationEntry, 'issuer'> {
  const sample = sampleIssuers.find(({ organization }) => organization === slug);
  if (sample === undefined) return {};
  const v1 = {
    authorization_scheme: 'Bearer',
    token_place: 'body',
    token_name: 'recipientToken',
    issue_path: '/invoices/{invoice_id}',
  } as const;
  return {
    issuer: {
      organization_number: sample.organizationNumber,
      account_number: sample.accountNumber,
      interface: sample.shape,
      base_url: `${invoiceServiceUrl}/${slug}`,
      access_token_url: `${invoiceServiceUrl}/${slug}/accesstoken/get`,
      client_id: sample.clientId,
      client_secret_env: sample.secretVariable,
      ...(sample.shape === 'v1' && v1),
    },
  };
}

/** The desk, the sample app by the standard, and scripts that sign a coordinator in without the desk. */
function sampleApps({ returnTo, deskReturnTo }: Surroundings): OrganizationEntry['apps'] {
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
function coordinatorEntry(
  { organization, person, name, email, state }: SampleCoordinator,
  issuers: Surroundings['issuers'],
) {
  if (state === 'invited') return { name, email };
  return { name, email, issuer: issuers.staff, subject: subjectAt(clientId(organization), person) };
}

function providerEntry(sample: SampleProvider, issuers: Surroundings['issuers']) {
  const { provider, clientId: client_id, secretVariable, authMethod, lookup, columns } = sample;
  return {
    issuer: issuers[provider],
    client_id,
    client_secret_env: secretVariable,
    token_endpoint_auth_method: authMethod,
    ...(lookup === undefined
      ? {}
      : {
          lookup_client_id: lookup.clientId,
          lookup_client_secret_env: lookup.secretVariable,
          lookup_auth_method: 'client_secret_basic' as const,
        }),
    ...columns,
  };
}
