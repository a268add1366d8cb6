import type { Configuration } from 'openid-client';
import { z } from 'zod';
import type { GuardedFetch } from '../../runtime/guarded-fetch.ts';
import { codeOf } from '../errors.ts';
import { asksForIdToken, isStaff, type ProviderRow } from '../provider/provider-row.ts';
import { lookupEndpoint } from '../provider/token-lookup.ts';

type Metadata = ReturnType<Configuration['serverMetadata']>;

/** Faults in what the provider announces (OpenID Connect Discovery 1.0 section 3), held against the row. */
export function checkMetadata(row: ProviderRow, configuration: Configuration): string[] {
  const metadata = configuration.serverMetadata();
  const faults = announced(metadata)
    .filter(({ list, wanted }) => list !== undefined && wanted !== undefined && !list.includes(wanted))
    .map(({ name, wanted }) => `the provider's ${name} does not list ${wanted}`);
  const needsUserinfo = (row.personnummerFrom === 'userinfo' && !isStaff(row)) || row.consentMode === 'provider';
  if (needsUserinfo && metadata.userinfo_endpoint === undefined) {
    faults.push('the number is to come from userinfo, but the provider announces no userinfo_endpoint');
  }
  const needsLookup = row.personnummerFrom === 'introspection' || row.personnummerFrom === 'tokeninfo';
  if (needsLookup && lookupEndpoint(configuration, row) === undefined) {
    faults.push(
      `the number is to come from ${row.personnummerFrom}, but neither the row nor the provider says where that is`,
    );
  }
  return faults;

  function announced(from: Metadata): { name: string; list: unknown[] | undefined; wanted: string | undefined }[] {
    const entry = (name: string, wanted: string | undefined) => {
      const list: unknown = from[name];
      return { name, list: Array.isArray(list) ? list : undefined, wanted };
    };
    return [
      entry('response_types_supported', 'code'),
      entry('code_challenge_methods_supported', 'S256'),
      entry('token_endpoint_auth_methods_supported', row.tokenEndpointAuthMethod),
      ...(asksForIdToken(row) ? [entry('id_token_signing_alg_values_supported', row.idTokenSignedResponseAlg)] : []),
    ];
  }
}

/** What the provider announces that is worth a second look. Scopes and levels need not be listed to be there. */
export function noteMetadata(row: ProviderRow, configuration: Configuration): string[] {
  const metadata = configuration.serverMetadata();
  const notes: string[] = [];
  const listed = metadata.scopes_supported;
  const wanted = [...row.scopes, ...(row.consentScope === null ? [] : [row.consentScope])];
  const unlisted = listed === undefined ? [] : wanted.filter((scope) => !listed.includes(scope));
  if (unlisted.length > 0) notes.push(`scopes_supported does not list ${unlisted.join(', ')}`);
  if (metadata.authorization_response_iss_parameter_supported !== true) {
    notes.push('the provider does not name itself in its answers (RFC 9207); its own redirect URI stands in for that');
  }
  if (row.consentMode === 'provider' && metadata.pushed_authorization_request_endpoint === undefined) {
    notes.push('the provider has no pushed authorization requests: the member goes to the consent question by a form');
  }
  return notes;
}

/** Key types that go with a signature algorithm (RFC 7518 section 3.1, RFC 8037). */
function keyTypeOf(algorithm: string): string {
  if (algorithm.startsWith('ES')) return 'EC';
  return algorithm.startsWith('Ed') ? 'OKP' : 'RSA';
}

const keySet = z.object({ keys: z.array(z.record(z.string(), z.unknown()).catch({})) });

/** Fetches the provider's key set and looks for one that ID tokens of the pinned algorithm can be verified with. */
export async function checkKeys(address: string, algorithm: string, fetch: GuardedFetch): Promise<string[]> {
  let set: unknown;
  try {
    const response = await fetch(address);
    if (response.status !== 200) return [`the key set answers with ${response.status}`];
    set = await response.json();
  } catch (error) {
    return [`the key set cannot be read (${codeOf(error)})`];
  }
  const keys = keySet.safeParse(set).data?.keys;
  if (keys === undefined) return ['the key set is none'];
  const usable = keys.filter((key) => {
    const fits = key.kty === keyTypeOf(algorithm) && (key.use === undefined || key.use === 'sig');
    return fits && (key.alg === undefined || key.alg === algorithm);
  });
  if (usable.length === 0) return [`no key of the provider goes with ${algorithm}`];
  const nameless = usable.length > 1 && usable.some((key) => typeof key.kid !== 'string');
  return nameless ? ['several keys fit and some have no kid, so that tokens cannot be told which one signed them'] : [];
}
