import type { Pool } from 'pg';
import { createIndexer } from '../personnummer/blind-index.ts';
import { createSealer } from '../personnummer/seal.ts';
import { createGuardedFetch } from '../runtime/guarded-fetch.ts';
import { createReadiness, type Readiness } from '../runtime/http/readiness.ts';
import { createHttpServer } from '../runtime/http/server.ts';
import type { Logger } from '../runtime/logger.ts';
import { noTracing, type Tracing } from '../runtime/tracing/tracing.ts';
import { createNumberReader } from './claims/number-evidence.ts';
import type { CallbackConfig } from './config.ts';
import { createConsentSealer } from './consent/consent-request.ts';
import { within } from './database/database-budget.ts';
import { createLoginDatabase, type LoginDatabase } from './database/login-database.ts';
import { codeOf } from './errors.ts';
import { createApp } from './http/app.ts';
import { createMetrics } from './http/metrics.ts';
import { createNumberHints } from './login/number-hint.ts';
import { createProviderClients } from './provider/provider-client.ts';
import { createProviderDirectory } from './provider/provider-directory.ts';
import { createAccessTokenIssuer } from './session/access-token.ts';
import { createLinkPermits } from './session/link.ts';
import { createTransactionSealer } from './transaction/transaction.ts';

interface Callback {
  server: ReturnType<typeof createHttpServer>;
  readiness: Readiness;
}

/** Makes everything and puts it together. The server is not listening yet. */
export async function createCallback(
  config: CallbackConfig,
  pool: Pool,
  log: Logger,
  tracing: Tracing = noTracing,
): Promise<Callback> {
  const database = createLoginDatabase(pool);
  const readiness = createReadiness((timeoutMs) => within(timeoutMs, database.providers(timeoutMs)), log);
  const { publicUrl, rates, capacity, capacityPerAddress, trustedProxyDepth, metricsToken } = config;
  const app = createApp({
    publicUrl,
    rates,
    capacity,
    capacityPerAddress,
    trustedProxyDepth,
    metricsToken,
    database,
    readiness,
    log,
    tracing,
    ...providerDependencies(config, database, log),
    ...(await sessionDependencies(config, database)),
    numbers: createNumberReader({
      sealer: createSealer(config.sealingKeys),
      indexer: createIndexer(config.indexSecrets),
      synthetic: config.rules.acceptsSynthetic,
    }),
    sealer: createTransactionSealer(config.transactionSecrets),
    consents: createConsentSealer(config.transactionSecrets),
    hints: createNumberHints(config.transactionSecrets),
    metrics: createMetrics({ withProcess: true, droppedSpans: () => tracing.dropped() }),
    webhookSecrets: (name) => config.webhookSecrets.get(name),
    allowsPlainHttp: config.rules.allowsPlainHttp,
  });
  return { server: createHttpServer(app), readiness };
}

function providerDependencies(config: CallbackConfig, database: LoginDatabase, log: Logger) {
  const warn = (event: string) => (error: unknown) => log.warn({ event, code: codeOf(error), err: error }, event);
  return {
    directory: createProviderDirectory({ load: database.providers, onFailure: warn('providers_not_loaded') }),
    clients: createProviderClients({
      fetch: createGuardedFetch({
        deployment: config.deployment,
        timeoutMs: config.providerTimeoutMs,
        maxBytes: 1024 * 1024,
      }),
      secrets: (name) => config.clientSecrets.get(name),
      timeoutMs: config.providerTimeoutMs,
      allowsPlainHttp: config.rules.allowsPlainHttp,
      onRefreshFailure: warn('provider_not_refreshed'),
    }),
  };
}

async function sessionDependencies(config: CallbackConfig, database: LoginDatabase) {
  const accessTokens = await createAccessTokenIssuer({
    keys: config.accessTokenKeys,
    issuer: config.publicUrl,
    audience: config.accessTokenAudience,
  });
  return { accessTokens, permits: createLinkPermits(config.transactionSecrets, { database, accessTokens }) };
}
