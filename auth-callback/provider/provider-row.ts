import { z } from 'zod';
import { signatureAlgorithms } from '../../runtime/signature-algorithms.ts';

const client = z
  .object({ client_id: z.string(), redirect_uris: z.array(z.string()), name: z.string() })
  .transform(({ client_id: clientId, redirect_uris: redirectUris, name }) => ({ clientId, redirectUris, name }));

/** One row of `login.providers()`: an identity provider as one organisation uses it. */
export type ProviderRow = z.infer<typeof providerRow>;
export const providerRow = z.object({
  organizationId: z.guid(),
  /** The organisation's slug, as in URLs. */
  organization: z.string(),
  organizationName: z.string(),
  provider: z.string(),
  issuer: z.string(),
  clientId: z.string(),
  /** Name of the environment variable with the client's secret. */
  clientSecretEnv: z.string().nullable(),
  tokenEndpointAuthMethod: z.string(),
  scopes: z.array(z.string()),
  /** Further parameters of the authorization request. What is no text is left out. */
  authorizationParams: z.record(z.string(), z.unknown()).transform(textsOf),
  idTokenSignedResponseAlg: z.string(),
  personnummerFrom: z.string(),
  personnummerClaim: z.string(),
  consentMode: z.string(),
  consentScope: z.string().nullable(),
  minimumAcr: z.string().nullable(),
  /** One of these must be among the methods that the token names (RFC 8176); none: any. */
  requiredAmr: z.array(z.string()),
  /** The scope that asks for the number, such as `nin`. */
  personnummerScope: z.string().nullable(),
  /** True: that scope is left out for a returning member whose record has a confirmed number. */
  askNumberWhenMissing: z.boolean(),
  /** A client of its own for introspection or tokeninfo; null: the row's own client. */
  lookupClientId: z.string().nullable(),
  lookupClientSecretEnv: z.string().nullable(),
  lookupAuthMethod: z.string().nullable(),
  /** Null: `tokeninfo_endpoint` of the metadata. */
  tokeninfoEndpoint: z.string().nullable(),
  /** How long observed numbers are kept, as PostgreSQL writes an interval, such as `1 year`. */
  retention: z.string().nullable(),
  /** The legal basis in the organisation's own words. */
  captureBasis: z.string().nullable(),
  /** Whether the organisation has recorded its legal basis for keeping the number. */
  capture: z.boolean(),
  /** The exact URLs the organisation has registered for its members' apps. */
  returnTo: z.array(z.string()),
  /** Apps registered by name: for members, or where this is the staff provider for coordinators. */
  clients: z.array(client),
});

function textsOf(record: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(record).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** Rows may name secrets only so, lest a row make the process send some other secret of its environment. */
const secretName = /^OIDC_[A-Z0-9_]+$/;

/**
 * @param row a row as the database gave it
 * @param allowsPlainHttp true in a local deployment only
 * @returns a stable code for what makes the row unusable, or undefined
 */
export function rowFault(row: ProviderRow, allowsPlainHttp: boolean): string | undefined {
  if (!isIssuer(row.issuer, allowsPlainHttp)) return 'provider_issuer_invalid';
  if (row.clientId === '') return 'provider_client_id_missing';
  if (!signatureAlgorithms.some((algorithm) => algorithm === row.idTokenSignedResponseAlg))
    return 'provider_signature_algorithm_refused';
  for (const name of [row.clientSecretEnv, row.lookupClientSecretEnv]) {
    if (name !== null && !secretName.test(name)) return 'provider_secret_name_refused';
  }
  return undefined;
}

/** Its logins are coordinators', not members'. */
export function isStaff(row: ProviderRow): boolean {
  return row.provider === 'staff';
}

/**
 * Where a login may return to. Coordinators' codes go only to apps that are registered for coordinators, so that a fault in the
 * members' app is none of theirs.
 *
 * @param clientId undefined: the app came by the older address, which names none
 */
export function addressesOf(row: ProviderRow, clientId: string | undefined): string[] {
  if (clientId === undefined && !isStaff(row)) return row.returnTo;
  const named = row.clients.filter((each) => clientId === undefined || each.clientId === clientId);
  return named.flatMap(({ redirectUris }) => redirectUris);
}

/** Every address that a login of this row may return to. */
export function registeredAddresses(row: ProviderRow): string[] {
  const own = isStaff(row) ? [] : row.returnTo;
  return [...new Set([...own, ...row.clients.flatMap(({ redirectUris }) => redirectUris)])];
}

/** ID-porten's pseudonymous logins may be plain OAuth 2.0: without `openid` there is no ID token, and no `nonce` in it. */
export function asksForIdToken(row: ProviderRow): boolean {
  return row.scopes.includes('openid') || row.personnummerFrom !== 'introspection';
}

/** OpenID Connect Discovery 1.0 section 3: https, no query, no fragment; compared as text later, so kept as text. */
function isIssuer(text: string, allowsPlainHttp: boolean): boolean {
  const url = URL.parse(text);
  if (url === null || text.includes('?') || text.includes('#')) return false;
  return url.protocol === 'https:' || (allowsPlainHttp && url.protocol === 'http:');
}

/**
 * Our redirect URI at a provider: one of its own for each organisation and provider, so that an answer of one can never be
 * taken for an answer of another (RFC 9700 section 4.4), and never derived from what a request says of its host.
 */
export function redirectUri(publicUrl: string, at: { organization: string; provider: string }): string {
  return `${publicUrl}/callback/${at.organization}/${at.provider}`;
}
