import { setTimeout as pause } from 'node:timers/promises';
import { exitOnFatalErrors } from '../../runtime/fatal-errors.ts';
import { createLogger } from '../../runtime/logger.ts';
import { stopOnSignals } from '../../runtime/stop-signals.ts';

/** A program for `stop-signals.test.ts`; its first argument says what goes wrong. */
const mode = process.argv[2];
const log = createLogger({ name: 'stoppable', level: 'info' });
exitOnFatalErrors(log);

async function stopQueue(): Promise<void> {
  if (mode === 'fails') throw new Error('queue is stuck');
  if (mode === 'hangs' || mode === 'hangs past its time') await pause(60_000);
}

stopOnSignals({
  log,
  steps: [
    { name: 'server', stop: () => pause(50) },
    { name: 'queue', stop: stopQueue },
    { name: 'database', stop: () => undefined },
  ],
  ...(mode === 'hangs past its time' && { graceMs: 200 }),
});
if (mode === 'throws') {
  setImmediate(() => {
    throw Object.assign(new Error('refused 01815025039'), { detail: 'Ola Nordmann' });
  });
}
setInterval(() => undefined, 1_000);
log.info('ready');
