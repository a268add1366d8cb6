import type { Logger } from './logger.ts';

/** One thing to stop; `name` is for the log. */
export type StopStep = { name: string; stop: () => Promise<void> | void };

/**
 * On SIGTERM or SIGINT: runs the steps in their order, each one finished before the next begins, and exits: 0 when all
 * went well, 1 when one failed or `graceMs` ran out. A second signal exits at once with 1.
 *
 * @param options.graceMs default 25 000, so that the process is gone before an orchestrator's usual 30 seconds
 */
export function stopOnSignals(options: { log: Logger; steps: StopStep[]; graceMs?: number }): void {
  const { log, steps, graceMs = 25_000 } = options;
  let stopping = false;

  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) {
      log.warn({ signal }, 'second signal: exiting at once');
      process.exit(1);
    }
    stopping = true;
    log.info({ signal }, 'stopping');
    setTimeout(() => {
      log.error('not stopped in time: exiting');
      process.exit(1);
    }, graceMs).unref();
    void runSteps(steps, log).then((clean) => process.exit(clean ? 0 : 1));
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}

/** A step that fails does not keep the next ones from running: they have connections and jobs to give back. */
async function runSteps(steps: StopStep[], log: Logger): Promise<boolean> {
  let clean = true;
  for (const { name, stop } of steps) {
    try {
      await stop();
      log.info({ step: name }, 'stopped');
    } catch (err) {
      clean = false;
      log.error({ step: name, err }, 'could not be stopped');
    }
  }
  return clean;
}
