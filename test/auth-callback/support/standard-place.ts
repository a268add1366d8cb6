import { findFreePort } from '../../../local/free-port.ts';
import type { LocalClient } from '../../../local/identity-provider/client.ts';
import type { Person, ProviderName } from '../../../local/identity-provider/person.ts';
import { startIdentityProvider } from '../../../local/identity-provider.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import {
  addClient,
  addMember,
  addOrganization,
  addProvider,
  type Member,
  type Organization,
} from '../../support/samples.ts';
import { number, startCallback } from './world.ts';

/** Where the members' app and the coordinators' desk want a login to return to. */
export const appUri = 'https://app.example/signed-in';
export const deskUri = 'https://desk.example/signed-in';

export type StandardPlace = AsyncDisposable & {
  db: TestDatabase;
  organization: Organization;
  member: Member;
  callbackUrl: string;
  logLines: string[];
};

const kari = {
  givenName: 'Kari',
  familyName: 'Nordmann',
  birthDate: '1972-03-08',
  phone: '+4791234567',
  email: 'kari@example.no',
};

function person(provider: ProviderName, organization: string, id: string, differences: Partial<Person> = {}): Person {
  return { id, provider, organization, story: '', behaviour: 'given', personnummer: number, ...kari, ...differences };
}

/**
 * The callback with an organisation whose members log in with Vipps and whose coordinators with a staff provider, both made with
 * oidc-provider; one app of each, registered by name; a member, who may also log in by /login.
 *
 * @param staff further accounts at the staff provider, by their ids, beside `kari`, whose address is the member's
 */
export async function startStandardPlace(staff: Record<string, Partial<Person>> = {}): Promise<StandardPlace> {
  const parts = new AsyncDisposableStack();
  const db = parts.use(await createTestDatabase());
  const organization = await addOrganization(db);
  const { slug, name: organizationName } = organization;
  const callbackUrl = `http://127.0.0.1:${await findFreePort()}`;
  const clients = (['vipps', 'staff'] as const).map(
    (provider): LocalClient => ({
      provider,
      organization: slug,
      organizationName,
      clientId: 'our-client',
      proof: { method: 'client_secret_basic', secret: 'secret of the test client' },
      redirectUri: `${callbackUrl}/callback/${slug}/${provider}`,
    }),
  );
  const accounts = Object.entries({ kari: {}, ...staff }).map(([id, differences]) =>
    person('staff', slug, id, differences),
  );
  const persons = [person('vipps', slug, 'member'), ...accounts];
  for (const provider of ['vipps', 'staff'] as const) {
    const { issuer, close } = await startIdentityProvider({ provider, clients, persons });
    parts.defer(close);
    const scopes = ['openid', 'profile', 'email'];
    const row =
      provider === 'staff'
        ? { scopes, personnummer_from: 'id_token', personnummer_claim: 'pid', required_amr: ['mfa'] }
        : {};
    await addProvider(db, organization, { provider, issuer, client_id: 'our-client', ...row });
  }
  await addClient(db, organization, { client_id: 'members-app', redirect_uris: [appUri] });
  await addClient(db, organization, { client_id: 'desk', audience: 'coordinators', redirect_uris: [deskUri] });
  const member = await addMember(db, organization, {
    given_name: 'Kari',
    family_name: 'Nordmann',
    birth_date: kari.birthDate,
    phone: kari.phone,
    email: kari.email,
  });
  const settings = { PORT: new URL(callbackUrl).port, PUBLIC_URL: callbackUrl };
  const { logLines } = parts.use(await startCallback(db, settings));
  return { db, organization, member, callbackUrl, logLines, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}
