import { allowInsecureRequests, Configuration, customFetch, enableNonRepudiationChecks } from 'openid-client';
import type { GuardedFetch } from '../../runtime/guarded-fetch.ts';
import { codeOf } from '../errors.ts';
import { type ClientSecrets, clientAuthentication } from './client-authentication.ts';
import type { ProviderRow } from './provider-row.ts';

/** Whom to ask what an access token stands for (RFC 7662; ID-porten's tokeninfo has the same form), and as which client. */
export type LookupClient =
  | { status: 'ready'; configuration: Configuration }
  /** The row finds the number elsewhere, or names no place: an ordinary login without one. */
  | { status: 'none' }
  /** The row is at fault; the login goes on without the number. */
  | { status: 'faulty'; code: string };

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
