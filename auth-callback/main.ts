import type { AddressInfo } from 'node:net';
import { configOrExit } from '../runtime/config-or-exit.ts';
import { refuseMissingErasures } from '../runtime/erasure-ledger.ts';
import { exitOnFatalErrors } from '../runtime/fatal-errors.ts';
import { listen } from '../runtime/http/listen.ts';
import { closeServer } from '../runtime/http/server.ts';
import { createLogger } from '../runtime/logger.ts';
import { createPool } from '../runtime/pg-pool.ts';
import { askWhenAccepted, createSignIn } from '../runtime/sign-in.ts';
import { refuseWrongDatabase } from '../runtime/start-refused.ts';
import { stopOnSignals } from '../runtime/stop-signals.ts';
import { openTracing } from '../runtime/tracing/open-tracing.ts';
import { createCallback } from './callback.ts';
import { type CallbackConfig, readCallbackConfig } from './config.ts';
import { missingErasures } from './database/missing-erasures.ts';

const name = 'auth-callback';

/** `npm run callback`: reads the configuration, listens, and stops on SIGTERM or SIGINT. */
async function main(config: CallbackConfig): Promise<void> {
  const log = createLogger({ name, level: config.logLevel });
  exitOnFatalErrors(log);
  const signIn = createSignIn(log);
  const pool = createPool({
    connectionString: config.databaseUrl,
    max: config.databasePoolSize,
    applicationName: name,
    log,
    signIn,
  });
  await askWhenAccepted(signIn, async () => {
    await refuseWrongDatabase(pool, { role: 'auth_callback', schema: 'login' });
    await refuseMissingErasures(config.erasureLedger, config.deployment, missingErasures(pool));
  });
  const tracing = await openTracing(config.tracing, name, log);
  const { server, readiness } = await createCallback(config, pool, log, tracing);
  stopOnSignals({
    log,
    steps: [
      { name: 'readiness', stop: () => readiness.stop() },
      { name: 'server', stop: () => closeServer(server) },
      { name: 'database', stop: () => pool.end() },
      { name: 'tracing', stop: () => tracing.stop() },
    ],
  });
  await listen(server, config.host, config.port);
  const { port } = server.address() as AddressInfo;
  log.info({ event: 'listening', host: config.host, port, deployment: config.deployment }, 'listening');
}

await main(configOrExit(name, readCallbackConfig));
