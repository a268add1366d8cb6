import { findFreePort } from '../../../local/free-port.ts';
import type { LocalClient } from '../../../local/identity-provider/client.ts';
import type { Person, ProviderName } from '../../../local/identity-provider/person.ts';
import { startIdentityProvider } from '../../../local/identity-provider.ts';
import { logIn } from '../../../local/scripted-login.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { addMember, addOrganization, addProvider, type Member, type Organization } from '../../support/samples.ts';
import { number, returnTo, startCallback } from './world.ts';

export type Place = AsyncDisposable & {
  db: TestDatabase;
  organization: Organization;
  member: Member;
  callbackUrl: string;
  logLines: string[];
  /** A whole login in a browser with cookies and forms; the answer at `/token`. */
  logIn(consent?: 'yes' | 'no'): ReturnType<typeof logIn>;
  observations(): Promise<Record<string, unknown>[]>;
};

const contact = { phone: '+4791234567', email: 'kari@example.no' };

/**
 * The callback, and a provider made with oidc-provider: an implementation that shares no code with our client, so that the
 * two ends of one library do not only agree with each other.
 */
export async function startPlace(options: {
  provider: ProviderName;
  row: Record<string, unknown>;
  person?: Partial<Person>;
  client?: Partial<LocalClient>;
  environment?: Record<string, string>;
  member?: Record<string, unknown>;
  /** The app's address. */
  home?: string;
}): Promise<Place> {
  const parts = new AsyncDisposableStack();
  const db = parts.use(await createTestDatabase());
  const { home = returnTo } = options;
  const organization = await addOrganization(db, { return_to: [home] });
  const { slug } = organization;
  const callbackUrl = `http://127.0.0.1:${await findFreePort()}`;
  const person: Person = {
    id: 'kari',
    provider: options.provider,
    organization: slug,
    story: '',
    behaviour: 'given',
    givenName: 'Kari',
    familyName: 'Nordmann',
    birthDate: '1972-03-08',
    personnummer: number,
    ...contact,
    ...options.person,
  };
  const client: LocalClient = {
    provider: options.provider,
    organization: slug,
    organizationName: organization.name,
    clientId: 'our-client',
    proof: { method: 'client_secret_basic', secret: 'secret of the test client' },
    redirectUri: `${callbackUrl}/callback/${slug}/${options.provider}`,
    ...options.client,
  };
  const provider = await startIdentityProvider({ provider: options.provider, clients: [client], persons: [person] });
  parts.defer(() => provider.close());
  await addProvider(db, organization, {
    provider: options.provider,
    issuer: provider.issuer,
    client_id: client.clientId,
    ...options.row,
  });
  const names = { given_name: 'Kari', family_name: 'Nordmann', birth_date: '1972-03-08' };
  const member = await addMember(db, organization, { ...names, ...contact, ...options.member });
  const settings = { PORT: new URL(callbackUrl).port, PUBLIC_URL: callbackUrl, ...options.environment };
  const { logLines } = parts.use(await startCallback(db, settings));
  const login = { callbackUrl, organization: slug, provider: options.provider, returnTo: home, person: person.id };
  return {
    db,
    organization,
    member,
    callbackUrl,
    logLines,
    logIn: (consent = 'yes') => logIn({ ...login, consent }),
    observations: async () => (await db.pool.query('select * from registry.observations order by received_at')).rows,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** The first login of somebody whom neither phone nor e-mail address can find: the number in the record does. */
export async function linkSubjectOf(place: Place): Promise<void> {
  const [row] = await place.observations();
  await place.db.pool.query(
    `insert into registry.identity_links (organization_id, issuer, subject, member_id, provider, match_rule)
     values ($1, $2, $3, $4, $5, 'coordinator')`,
    [place.organization.id, row?.issuer, row?.subject, place.member.id, row?.provider],
  );
}
