import { generateKeyPairSync, randomBytes } from 'node:crypto';
import Provider, { type Configuration, interactionPolicy, type interactionPolicy as Policy } from 'oidc-provider';
import { claimsByScope, claimsOf, grantedScopes, subjectAt } from './claims.ts';
import { createMemory } from './memory.ts';
import type { Person } from './person.ts';

/** Where Vipps has its endpoints, below its host. */
export const ISSUER_PATH = '/access-management-1.0/access/';
export const USERINFO_PATH = '/vipps-userinfo-api/userinfo';

/** A sales unit of an organisation. */
export type SalesUnit = {
  /** Slug of the organisation. */
  organization: string;
  clientId: string;
  clientSecret: string;
  redirectUri: string;
};

/**
 * An OpenID provider with Vipps' ways: issuer with a slash at the end, RS256, client_secret_basic, PKCE, personal data in
 * userinfo only, and a `sub` of its own per sales unit. Nobody stays logged in: every login asks who it is.
 *
 * @param issuer `<base>/access-management-1.0/access/`
 */
export function createVipps(issuer: string, units: readonly SalesUnit[], persons: readonly Person[]): Provider {
  const provider = new Provider(issuer, {
    adapter: createMemory(),
    clients: units.map(clientMetadata),
    jwks: { keys: [createSigningKey()] },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    claims: claimsByScope,
    scopes: Object.keys(claimsByScope),
    clientAuthMethods: ['client_secret_basic'],
    subjectTypes: ['pairwise'],
    pairwiseIdentifier: (_context, accountId, client) => subjectAt(client.clientId, accountId),
    pkce: { required: () => false },
    features: { devInteractions: { enabled: false }, revocation: { enabled: true } },
    interactions: { policy: alwaysAsk(), url: (_context, { uid }) => `${ISSUER_PATH}login/${uid}` },
    routes: {
      authorization: `${ISSUER_PATH}oauth2/auth`,
      token: `${ISSUER_PATH}oauth2/token`,
      revocation: `${ISSUER_PATH}oauth2/revoke`,
      jwks: `${ISSUER_PATH}.well-known/jwks.json`,
      userinfo: USERINFO_PATH,
    },
    ttl: { AuthorizationCode: 60, AccessToken: 600, IdToken: 3600, Interaction: 600, Session: 600, Grant: 600 },
    findAccount: (_context, id) => findAccount(persons, id),
    loadExistingGrant: (context) => grantWhatThePersonGrants(context, persons),
  });
  // The page may be shown in any browser on this machine; the provider itself is never reached through a proxy.
  provider.proxy = false;
  return provider;
}

function clientMetadata(unit: SalesUnit) {
  return {
    client_id: unit.clientId,
    client_secret: unit.clientSecret,
    redirect_uris: [unit.redirectUri],
    token_endpoint_auth_method: 'client_secret_basic' as const,
    subject_type: 'pairwise' as const,
    grant_types: ['authorization_code'],
    response_types: ['code' as const],
  };
}

function createSigningKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig' };
}

function alwaysAsk(): Policy.DefaultPolicy {
  const { Check, base } = interactionPolicy;
  const policy = base();
  // What is shared is asked on the login page; a page of its own for consent would only be in the way.
  policy.remove('consent');
  const check = new Check('no_remembered_login', 'every login asks who it is', (context) =>
    context.oidc.result?.login === undefined ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT,
  );
  policy.get('login')?.checks.add(check);
  return policy;
}

function findAccount(persons: readonly Person[], id: string) {
  const person = persons.find((each) => each.id === id);
  return person && { accountId: id, claims: () => claimsOf(person) };
}

const grantWhatThePersonGrants = async (
  context: Parameters<NonNullable<Configuration['loadExistingGrant']>>[0],
  persons: readonly Person[],
) => {
  const { client, session, params, provider } = context.oidc;
  const person = persons.find(({ id }) => id === session?.accountId);
  if (client === undefined || person === undefined) return undefined;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: person.id });
  grant.addOIDCScope(grantedScopes(person, String(params?.scope)));
  await grant.save();
  return grant;
};
