import { LRUCache } from 'lru-cache';
import {
  allowInsecureRequests,
  type ClientAuth,
  Configuration,
  clockTolerance,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  type ServerMetadata,
} from 'openid-client';
import type { GuardedFetch } from '../../runtime/guarded-fetch.ts';
import { LoginError } from '../errors.ts';
import { type ClientSecrets, clientAuthentication } from './client-authentication.ts';
import { coalesceFetch } from './coalesced-fetch.ts';
import { createKeySets, type KeySets, type SignatureCheck } from './key-sets.ts';
import { answerToProviderError } from './provider-errors.ts';
import { type ProviderRow, rowFault } from './provider-row.ts';
import { createLookupClient, type LookupClient } from './token-lookup.ts';

/** A provider as openid-client knows it after discovery. */
export interface ProviderClient {
  /** Verifies all of an ID token but its signature. */
  configuration: Configuration;
  verifySignature: SignatureCheck;
  /** For userinfo, which also may be signed. */
  userinfo: Configuration;
  hasUserinfo: boolean;
  /** For introspection or tokeninfo, where the row finds the number there. */
  lookup: LookupClient;
}

export interface ProviderClients {
  /** @throws {LoginError} `temporarily_unavailable` when the provider cannot be reached or the row cannot be used */
  clientFor(row: ProviderRow): Promise<ProviderClient>;
}

interface ProviderClientOptions {
  /** The only way out; every request of openid-client takes it. */
  fetch: GuardedFetch;
  secrets: ClientSecrets;
  /** True in a local deployment only. */
  allowsPlainHttp: boolean;
  /** Milliseconds for each request to a provider. */
  timeoutMs: number;
  /** Hears of a refresh that failed while the client at hand still serves. */
  onRefreshFailure: (error: unknown) => void;
  /** Milliseconds, of a clock that never goes back. */
  now?: () => number;
}

const clockToleranceSeconds = 30;
const minute = 60_000;
/** Vipps' metadata says `max-age=3600`. */
const refreshAfter = 60 * minute;
/** An old document still works while the provider's metadata cannot be fetched: its endpoints hardly ever move. */
const useFor = 24 * 60 * minute;
/** How soon a provider that is down is asked again: while logins fail because of it, and behind a client that still serves. */
const retryAfter = { withoutClient: 2_000, withClient: minute };

/** What is known of a provider: its client, or why there is none. */
type Discovered = { client: ProviderClient; at: number } | { error: unknown };

/**
 * Clients by the content of their row: a changed row gets a client of its own at once, and the outage of one provider is
 * nobody else's. Nobody waits for the hourly refresh; the client at hand serves until the new one is there. Any number of
 * logins at the same time make one discovery.
 */
export function createProviderClients(options: ProviderClientOptions): ProviderClients {
  const fetch = coalesceFetch(options.fetch);
  const shared = { ...options, fetch, keySets: createKeySets(fetch) };
  const now = options.now ?? (() => performance.now());

  const mayServe = (known: Discovered | undefined) =>
    known !== undefined && 'client' in known && now() - known.at < useFor;

  const cache = new LRUCache<string, Discovered, ProviderRow>({
    max: 500,
    ttl: refreshAfter,
    ttlResolution: 0,
    ignoreFetchAbort: true,
    // To the cache a value that was stored at 0 never gets old.
    perf: { now: () => now() + 1 },
    async fetchMethod(_key, known, { context: row, options: entry }) {
      try {
        return { client: await discoverProvider(row, shared), at: now() };
      } catch (error) {
        const serves = mayServe(known);
        // It counts a value as fresh in its last millisecond too.
        entry.ttl = (serves ? retryAfter.withClient : retryAfter.withoutClient) - 1;
        if (!serves) return { error };
        options.onRefreshFailure(error);
        return known;
      }
    },
  });
  // Rows are read again every half minute; in between the same objects come with every login.
  const keys = new WeakMap<ProviderRow, string>();

  return {
    async clientFor(row) {
      const key = keys.get(row) ?? keyOf(row);
      keys.set(row, key);
      const allowStale = mayServe(cache.peek(key, { allowStale: true }));
      const known = await cache.forceFetch(key, { context: row, allowStale });
      if ('client' in known) return known.client;
      throw known.error;
    },
  };
}

/** Everything of a row that a client is made of. */
function keyOf(row: ProviderRow): string {
  return JSON.stringify([
    row.issuer,
    row.clientId,
    row.clientSecretEnv,
    row.tokenEndpointAuthMethod,
    row.idTokenSignedResponseAlg,
    row.personnummerFrom,
    row.lookupClientId,
    row.lookupClientSecretEnv,
    row.lookupAuthMethod,
    row.tokeninfoEndpoint,
  ]);
}

/**
 * Reads a provider's metadata and makes the client that the row describes.
 *
 * @throws {LoginError} with a code that names the fault
 */
export async function discoverProvider(
  row: ProviderRow,
  options: Pick<ProviderClientOptions, 'fetch' | 'secrets' | 'allowsPlainHttp' | 'timeoutMs'> & { keySets?: KeySets },
): Promise<ProviderClient> {
  const fault = rowFault(row, options.allowsPlainHttp);
  if (fault !== undefined) throw new LoginError(fault, 'temporarily_unavailable');
  const credentials = { authMethod: row.tokenEndpointAuthMethod, secretEnv: row.clientSecretEnv };
  const authentication = await clientAuthentication(credentials, options.secrets);
  try {
    const configuration = await discovery(new URL(row.issuer), row.clientId, clientMetadata(row), authentication, {
      [customFetch]: (url, init) => options.fetch(url, init),
      timeout: options.timeoutMs / 1000,
      // Exists for a local deployment alone.
      execute: options.allowsPlainHttp ? [allowInsecureRequests] : [],
    });
    judge(configuration, row);
    // From here on the guarded fetch alone watches the clock, over the whole exchange: openid-client's own timers cannot be
    // taken back, so that each request would leave one behind that goes off for nothing.
    configuration.timeout = 0;
    const metadata = configuration.serverMetadata();
    const keySets = options.keySets ?? createKeySets(options.fetch);
    return {
      configuration,
      verifySignature: keySets(String(metadata.jwks_uri), row.idTokenSignedResponseAlg),
      userinfo: userinfoClient(metadata, row, authentication, options),
      hasUserinfo: metadata.userinfo_endpoint !== undefined,
      lookup: await createLookupClient(configuration, row, options),
    };
  } catch (error) {
    const { code } = answerToProviderError(error);
    throw new LoginError(code, 'temporarily_unavailable', { cause: error });
  }
}

/** Here openid-client verifies the signature, where there is one: what it says is worth nothing if anybody may have said it. */
function userinfoClient(
  metadata: ServerMetadata,
  row: ProviderRow,
  authentication: ClientAuth,
  { fetch, allowsPlainHttp }: Pick<ProviderClientOptions, 'fetch' | 'allowsPlainHttp'>,
): Configuration {
  const configuration = new Configuration(metadata, row.clientId, clientMetadata(row), authentication);
  configuration[customFetch] = (url, init) => fetch(url, init);
  configuration.timeout = 0;
  enableNonRepudiationChecks(configuration);
  if (allowsPlainHttp) allowInsecureRequests(configuration);
  return configuration;
}

/** Pins what the provider's own metadata would otherwise decide. */
function clientMetadata(row: ProviderRow) {
  return {
    id_token_signed_response_alg: row.idTokenSignedResponseAlg,
    [clockTolerance]: clockToleranceSeconds,
  };
}

/** Discovery 1.0 section 4.3: exactly the issuer asked for. openid-client forgives what URL normalisation forgives. */
function judge(configuration: Configuration, row: ProviderRow): void {
  const metadata = configuration.serverMetadata();
  if (metadata.issuer !== row.issuer) throw new LoginError('provider_issuer_mismatch', 'temporarily_unavailable');
  for (const endpoint of ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const) {
    if (metadata[endpoint] === undefined)
      throw new LoginError('provider_metadata_incomplete', 'temporarily_unavailable');
  }
}
