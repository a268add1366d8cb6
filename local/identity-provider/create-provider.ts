import { generateKeyPairSync, randomBytes } from 'node:crypto';
import Provider, { type Configuration, type JWKS, type KoaContextWithOIDC } from 'oidc-provider';
import { clientMetadata } from './client.ts';
import type { Directory } from './directory.ts';
import { interactionPolicyOf } from './interaction-policy.ts';
import { createMemory } from './memory.ts';
import { subjectAt } from './person.ts';
import type { ClaimsUse, Ways } from './ways.ts';

type Context = KoaContextWithOIDC;

/** Where one logs in and is asked for consent; the id of the login under way follows. */
export const loginPath = ({ issuerPath }: Ways) => `${issuerPath.replace(/\/$/, '')}/login/`;

/**
 * An OpenID provider with the ways of one of the three. Everybody has a `sub` of their own at each client. Nobody stays
 * logged in: every login asks who it is, except one that only asks for consent and says by `id_token_hint` whose.
 *
 * @param issuer origin and the ways' `issuerPath`
 */
export function createProvider(issuer: string, ways: Ways, directory: Directory): Provider {
  const { provider: name, claimsInIdToken, strict, ttl } = ways;
  const provider = new Provider(issuer, {
    adapter: createMemory(),
    clients: directory.clients.flatMap((client) => clientMetadata(client, ways.signatureAlgorithm)),
    jwks: { keys: [createSigningKey(ways.signatureAlgorithm)] } as JWKS,
    // All three share the host, and cookies do not tell ports apart.
    cookies: { keys: [randomBytes(32).toString('base64url')], names: cookieNames(name) },
    claims: ways.claimsByScope,
    scopes: [...Object.keys(ways.claimsByScope), ...directory.clients.flatMap((each) => each.pseudonymousScope ?? [])],
    acrValues: ways.acrValues,
    clientAuthMethods: ways.clientAuthMethods,
    enabledJWA: { idTokenSigningAlgValues: [ways.signatureAlgorithm] },
    conformIdTokenClaims: !claimsInIdToken,
    subjectTypes: ['pairwise'],
    pairwiseIdentifier: (_context, accountId, client) => subjectAt(client.clientId, accountId),
    pkce: { required: () => strict },
    features: featuresOf(ways, directory),
    interactions: {
      policy: interactionPolicyOf(ways, directory),
      url: (_context, { uid }) => `${loginPath(ways)}${uid}`,
    },
    routes: ways.routes,
    ...(ways.metadata === undefined ? {} : { discovery: ways.metadata(issuer) }),
    ttl: { AuthorizationCode: 60, Interaction: 600, Session: 600, Grant: 600, ...ttl },
    findAccount: (context, id) => findAccount(ways, directory, context, id),
    loadExistingGrant: (context) => grantWhatThePersonGrants(context, ways, directory),
  });
  // The page may be shown in any browser on this machine; the provider itself is never reached through a proxy.
  provider.proxy = false;
  provider.use(async (context, next) => {
    await next();
    if (context.oidc?.route === 'introspection') addClaims(context as Context, ways, directory);
  });
  return provider;
}

function cookieNames(name: string) {
  const named = (purpose: string) => `${name}_${purpose}`;
  return {
    session: named('session'),
    interaction: named('interaction'),
    resume: named('resume'),
    state: named('state'),
  };
}

function createSigningKey(algorithm: Ways['signatureAlgorithm']) {
  const { privateKey } =
    algorithm === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), alg: algorithm, use: 'sig' };
}

function findAccount(ways: Ways, { persons, clientOf }: Directory, context: Context, id: string) {
  const person = persons.find((each) => each.id === id);
  const client = clientOf(context.oidc.client?.clientId);
  if (person === undefined || client === undefined) return undefined;
  return {
    accountId: id,
    claims: (use: string, scope: string) => ({
      sub: id,
      ...ways.claimsOf(person, { use: use as ClaimsUse, scopes: scope.split(' '), client }),
    }),
  };
}

async function grantWhatThePersonGrants(context: Context, ways: Ways, { persons }: Directory) {
  const { client, session, params, provider, result } = context.oidc;
  const person = persons.find(({ id }) => id === session?.accountId);
  if (client === undefined || person === undefined) return undefined;
  const consents = result?.consent?.given === true;
  const granted = String(params?.scope)
    .split(' ')
    .filter((scope) => ways.grants(person, scope) && (consents || !ways.consentScopes.includes(scope)));
  const grant = new provider.Grant({ clientId: client.clientId, accountId: person.id });
  grant.addOIDCScope(granted.join(' '));
  await grant.save();
  return grant;
}

function featuresOf({ offers }: Ways, directory: Directory) {
  return {
    devInteractions: { enabled: false },
    revocation: { enabled: offers.revocation },
    pushedAuthorizationRequests: { enabled: offers.pushedRequests },
    ...(offers.introspection ? { introspection: { enabled: true, allowedPolicy: lookupPolicy(directory) } } : {}),
  } as NonNullable<Configuration['features']>;
}

/** Anybody else's look at a token, and one at a person's whose tokens are not active, finds nothing (RFC 7662 section 2.2). */
function lookupPolicy({ persons, mayLookUp }: Directory) {
  return (_context: Context, caller: { clientId: string }, token: { clientId?: string; accountId?: string }) => {
    const person = persons.find(({ id }) => id === token.accountId);
    return person?.inactiveToken !== true && mayLookUp(caller.clientId, token.clientId);
  };
}

/** What a token that says nothing by itself stands for. */
function addClaims(context: Context, ways: Ways, { persons, clientOf }: Directory): void {
  const answer = context.body as { active?: boolean; client_id?: string; exp?: number; scope?: string };
  const person = persons.find(({ id }) => id === context.oidc.entities.AccessToken?.accountId);
  const client = clientOf(answer.client_id);
  if (answer.active !== true || person === undefined || client === undefined) return;
  const scopes = (answer.scope ?? '').split(' ');
  context.body = {
    ...ways.claimsOf(person, { use: 'introspection', scopes, client }),
    ...answer,
    acr: ways.authentication(person).acr,
    expires_in: (answer.exp ?? 0) - Math.floor(Date.now() / 1000),
  };
}
