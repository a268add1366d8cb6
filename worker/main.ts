import { configOrExit } from '../runtime/config-or-exit.ts';
import { exitOnFatalErrors } from '../runtime/fatal-errors.ts';
import { createReadiness } from '../runtime/http/readiness.ts';
import { createLogger } from '../runtime/logger.ts';
import { createSignIn } from '../runtime/sign-in.ts';
import { type StopStep, stopOnSignals } from '../runtime/stop-signals.ts';
import { openTracing } from '../runtime/tracing/open-tracing.ts';
import { readConfig } from './config.ts';
import { checkBeforeStart, createWorker } from './create-worker.ts';
import { startHealth } from './health.ts';

const config = configOrExit('worker', readConfig);
const log = createLogger({ name: 'worker', level: config.logLevel });
exitOnFatalErrors(log);
const signIn = createSignIn(log);
await checkBeforeStart(config, log, signIn);
const tracing = await openTracing(config.tracing, 'worker', log);
const worker = createWorker(config, log, {}, { signIn, tracing });
const steps: StopStep[] = [{ name: 'queue', stop: () => worker.stop() }];
if (config.health !== null) {
  const readiness = createReadiness((timeoutMs) => worker.assertReady(timeoutMs), log);
  const server = await startHealth({ ...config.health, readiness, metrics: worker.metrics, log });
  steps.push({ name: 'health', stop: () => void server.close() });
}
steps.push({ name: 'tracing', stop: () => tracing.stop() });
stopOnSignals({ log, steps });
log.info({ deployment: config.deployment, concurrency: config.concurrency }, 'worker started');
// Rejects when the database stayed away too long, or speaks a newer schema: then the process ends with 1.
await worker.ended;
