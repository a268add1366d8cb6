import {
  allowInsecureRequests,
  Configuration,
  customFetch,
  enableNonRepudiationChecks,
  tokenIntrospection,
} from 'openid-client';
import type { GuardedFetch } from '../../runtime/guarded-fetch.ts';
import type { Claims } from '../claims/contact-claims.ts';
import { codeOf, LoginError } from '../errors.ts';
import { type ClientSecrets, clientAuthentication } from './client-authentication.ts';
import { answerToProviderError } from './provider-errors.ts';
import type { ProviderRow } from './provider-row.ts';

/** Whom to ask what an access token stands for (RFC 7662; ID-porten's tokeninfo has the same form), and as which client. */
export type LookupClient =
  | { status: 'ready'; configuration: Configuration }
  /** The row finds the number elsewhere, or names no place: an ordinary login without one. */
  | { status: 'none' }
  /** The row is at fault; the login goes on without the number. */
  | { status: 'faulty'; code: string };

/** What came of asking what the access token stands for. Only `claims` brings anything that may be used. */
export type LookupAnswer =
  | { status: 'claims'; claims: Claims }
  | { status: 'subject_differs' }
  | { status: 'unavailable'; code: string }
  | { status: 'not_asked' };

/**
 * The client for introspection or tokeninfo: the separately configured one where the row names it, otherwise the row's
 * own. Never throws: a lookup that cannot be made costs the number, not the login.
 */
export async function createLookupClient(
  provider: Configuration,
  row: ProviderRow,
  options: { fetch: GuardedFetch; secrets: ClientSecrets; allowsPlainHttp: boolean },
): Promise<LookupClient> {
  const endpoint = lookupEndpoint(provider, row);
  if (endpoint === undefined) return { status: 'none' };
  const own = { authMethod: row.tokenEndpointAuthMethod, secretEnv: row.clientSecretEnv };
  const separate = { authMethod: row.lookupAuthMethod ?? own.authMethod, secretEnv: row.lookupClientSecretEnv };
  try {
    const authentication = await clientAuthentication(row.lookupClientId === null ? own : separate, options.secrets);
    const metadata = Object.assign(provider.serverMetadata(), { introspection_endpoint: endpoint });
    const configuration = new Configuration(metadata, row.lookupClientId ?? row.clientId, undefined, authentication);
    configuration[customFetch] = (url, init) => options.fetch(url, init);
    // The guarded fetch watches the clock.
    configuration.timeout = 0;
    // For answers that are signed JWTs (RFC 9701).
    enableNonRepudiationChecks(configuration);
    if (options.allowsPlainHttp) allowInsecureRequests(configuration);
    return { status: 'ready', configuration };
  } catch (error) {
    return { status: 'faulty', code: codeOf(error) };
  }
}

/** Only the place that the row names is ever asked. */
export function lookupEndpoint(provider: Configuration, row: ProviderRow): string | undefined {
  const metadata = provider.serverMetadata();
  if (row.personnummerFrom === 'introspection') return metadata.introspection_endpoint;
  if (row.personnummerFrom !== 'tokeninfo') return undefined;
  const announced = metadata.tokeninfo_endpoint;
  return row.tokeninfoEndpoint ?? (typeof announced === 'string' ? announced : undefined);
}

/**
 * Asks introspection or tokeninfo about the access token of this login, where the row finds the number there. A failure
 * is an answer, not an exception: it must not stop the login. A token that is not active does.
 *
 * @param subject of the verified ID token; undefined where the row asks for none
 * @throws {LoginError} `login_failed` when the provider says that the token is not active (RFC 7662 section 2.2); nothing
 *   else of that answer is read
 */
export async function lookUpToken(
  client: LookupClient,
  row: ProviderRow,
  token: { accessToken: string; subject: string | undefined },
): Promise<LookupAnswer> {
  if (client.status === 'none') return { status: 'not_asked' };
  if (client.status === 'faulty') return { status: 'unavailable', code: client.code };
  let claims: Claims;
  try {
    claims = await tokenIntrospection(client.configuration, token.accessToken);
  } catch (error) {
    return { status: 'unavailable', code: answerToProviderError(error).code };
  }
  if (claims.active !== true) throw new LoginError('access_token_not_active', 'login_failed');
  return judge(claims, row, token.subject);
}

/** An answer about somebody else's token, or another client's, is none about this login. */
function judge(claims: Claims, row: ProviderRow, subject: string | undefined): LookupAnswer {
  if (claims.client_id !== undefined && claims.client_id !== row.clientId) {
    return { status: 'unavailable', code: 'lookup_of_another_client' };
  }
  if (claims.iss !== undefined && claims.iss !== row.issuer) {
    return { status: 'unavailable', code: 'lookup_of_another_issuer' };
  }
  const differs = subject !== undefined && claims.sub !== undefined && claims.sub !== subject;
  return differs ? { status: 'subject_differs' } : { status: 'claims', claims };
}
