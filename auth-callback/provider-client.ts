import {
  allowInsecureRequests,
  type Configuration,
  clockTolerance,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
} from 'openid-client';
import type { GuardedFetch } from '../runtime/guarded-fetch.ts';
import { type ClientSecrets, clientAuthentication } from './client-authentication.ts';
import { coalesceFetch } from './coalesced-fetch.ts';
import { LoginError } from './errors.ts';
import { answerToProviderError } from './provider-errors.ts';
import { type ProviderRow, rowFault } from './provider-row.ts';

/** A provider as openid-client knows it after discovery. */
export interface ProviderClient {
  configuration: Configuration;
  hasUserinfo: boolean;
}

export interface ProviderClients {
  /** @throws {LoginError} `temporarily_unavailable` when the provider cannot be reached or the row cannot be used */
  clientFor(row: ProviderRow): Promise<ProviderClient>;
}

export interface ProviderClientOptions {
  /** The only way out; every request of openid-client takes it. */
  fetch: GuardedFetch;
  secrets: ClientSecrets;
  /** True in a local deployment only. */
  allowsPlainHttp: boolean;
  /** Hears of a refresh that failed while the client at hand still serves. */
  onRefreshFailure: (error: unknown) => void;
  /** Milliseconds, of a clock that never goes back. */
  now?: () => number;
}

interface Entry {
  client: Promise<ProviderClient>;
  refreshAt: number;
  useUntil: number;
}

const requestTimeoutSeconds = 5;
const clockToleranceSeconds = 30;
const minute = 60_000;
/** Vipps' metadata says `max-age=3600`. */
const refreshAfter = 60 * minute;
/** An old document still works while the provider's metadata cannot be fetched: its endpoints hardly ever move. */
const useFor = 24 * 60 * minute;
/** A provider that is down is asked again no more often than this. */
const retryAfter = 2_000;
const mostEntries = 500;

/**
 * Clients by the content of their row: a changed row gets a client of its own at once, and the outage of one provider is
 * nobody else's. Nobody waits for the hourly refresh; the client at hand serves until the new one is there.
 */
export function createProviderClients(options: ProviderClientOptions): ProviderClients {
  const now = options.now ?? (() => performance.now());
  const withSharedFetch = { ...options, fetch: coalesceFetch(options.fetch) };
  const entries = new Map<string, Entry>();

  function begin(key: string, row: ProviderRow): Promise<ProviderClient> {
    const client = discover(row, withSharedFetch);
    const entry: Entry = { client, refreshAt: now() + refreshAfter, useUntil: now() + useFor };
    entries.delete(key);
    entries.set(key, entry);
    for (const oldest of entries.keys()) {
      if (entries.size <= mostEntries) break;
      entries.delete(oldest);
    }
    client.catch(() => {
      // The callers get the error. Kept for a moment, it also spares a provider that is down.
      entry.refreshAt = now() + retryAfter;
      entry.useUntil = entry.refreshAt;
    });
    return client;
  }

  function refresh(entry: Entry, row: ProviderRow): void {
    entry.refreshAt = now() + minute;
    discover(row, withSharedFetch).then((client) => {
      entry.client = Promise.resolve(client);
      entry.refreshAt = now() + refreshAfter;
      entry.useUntil = now() + useFor;
    }, options.onRefreshFailure);
  }

  return {
    clientFor(row) {
      const key = JSON.stringify([
        ...[row.issuer, row.clientId, row.clientSecretEnv, row.tokenEndpointAuthMethod],
        ...[row.idTokenSignedResponseAlg],
      ]);
      const entry = entries.get(key);
      if (entry === undefined || entry.useUntil <= now()) return begin(key, row);
      if (entry.refreshAt <= now()) refresh(entry, row);
      return entry.client;
    },
  };
}

async function discover(row: ProviderRow, options: ProviderClientOptions): Promise<ProviderClient> {
  const fault = rowFault(row, options.allowsPlainHttp);
  if (fault !== undefined) throw new LoginError(fault, 'temporarily_unavailable');
  const authentication = await clientAuthentication(row, options.secrets);
  try {
    const configuration = await discovery(new URL(row.issuer), row.clientId, clientMetadata(row), authentication, {
      [customFetch]: (url, init) => options.fetch(url, init),
      timeout: requestTimeoutSeconds,
      // Without the first, the signature of an ID token is not looked at in the code flow (TLS stands in for it). Ours is
      // evidence of a legal identity, so it is always verified. The second exists for a local deployment alone.
      execute: options.allowsPlainHttp
        ? [enableNonRepudiationChecks, allowInsecureRequests]
        : [enableNonRepudiationChecks],
    });
    return judge(configuration, row);
  } catch (error) {
    const { code } = answerToProviderError(error);
    throw new LoginError(code, 'temporarily_unavailable', { cause: error });
  }
}

/** Pins what the provider's own metadata would otherwise decide. */
function clientMetadata(row: ProviderRow) {
  return {
    id_token_signed_response_alg: row.idTokenSignedResponseAlg,
    [clockTolerance]: clockToleranceSeconds,
  };
}

/** Discovery 1.0 section 4.3: exactly the issuer asked for. openid-client forgives what URL normalisation forgives. */
function judge(configuration: Configuration, row: ProviderRow): ProviderClient {
  const metadata = configuration.serverMetadata();
  if (metadata.issuer !== row.issuer) throw new LoginError('provider_issuer_mismatch', 'temporarily_unavailable');
  for (const endpoint of ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const) {
    if (metadata[endpoint] === undefined)
      throw new LoginError('provider_metadata_incomplete', 'temporarily_unavailable');
  }
  return { configuration, hasUserinfo: metadata.userinfo_endpoint !== undefined };
}
