import type { Pool } from 'pg';
import { createIndexer } from '../personnummer/blind-index.ts';
import { createSealer } from '../personnummer/seal.ts';
import { createGuardedFetch } from '../runtime/guarded-fetch.ts';
import type { Logger } from '../runtime/logger.ts';
import { createAccessTokenIssuer } from './access-token.ts';
import { createApp } from './app.ts';
import type { CallbackConfig } from './config.ts';
import { createDoors } from './doors.ts';
import { codeOf } from './errors.ts';
import { createReadiness, type Readiness } from './health.ts';
import { createNumberReader } from './number-evidence.ts';
import { createProviderClients } from './provider-client.ts';
import { createProviderDirectory } from './provider-directory.ts';
import { createCallbackServer } from './server.ts';
import { createTransactionSealer } from './transaction.ts';

export interface Callback {
  server: ReturnType<typeof createCallbackServer>;
  readiness: Readiness;
}

/** Joins the parts. The server is not listening yet. */
export async function createCallback(config: CallbackConfig, pool: Pool, log: Logger): Promise<Callback> {
  const doors = createDoors(pool);
  const readiness = createReadiness(doors.providers);
  const warn = (event: string) => (error: unknown) => log.warn({ event, code: codeOf(error), err: error }, event);
  const app = createApp({
    publicUrl: config.publicUrl,
    doors,
    readiness,
    log,
    directory: createProviderDirectory({ load: doors.providers, onFailure: warn('providers_not_loaded') }),
    clients: createProviderClients({
      fetch: createGuardedFetch({ deployment: config.deployment, timeoutMs: 5_000, maxBytes: 1024 * 1024 }),
      secrets: (name) => config.clientSecrets.get(name),
      allowsPlainHttp: config.rules.allowsPlainHttp,
      onRefreshFailure: warn('provider_not_refreshed'),
    }),
    numbers: createNumberReader({
      sealer: createSealer(config.sealingKeys),
      indexer: createIndexer(config.indexSecrets),
      synthetic: config.rules.acceptsSynthetic,
    }),
    sealer: createTransactionSealer(config.transactionSecrets),
    accessTokens: await createAccessTokenIssuer({
      keys: config.accessTokenKeys,
      issuer: config.publicUrl,
      audience: config.accessTokenAudience,
    }),
    rates: config.rates,
    capacity: config.capacity,
    trustedProxyDepth: config.trustedProxyDepth,
    allowsPlainHttp: config.rules.allowsPlainHttp,
  });
  return { server: createCallbackServer(app), readiness };
}
