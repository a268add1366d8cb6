import type { Logger } from '../logger.ts';

export interface Readiness {
  /** Whether requests should be sent here. Why not is in the log, and in no answer. */
  isReady(): Promise<boolean>;
  /** From now on it is not: what is under way may finish, nothing new should come. */
  stop(): void;
}

const patience = 1_000;
const rememberedFor = 1_000;

/**
 * Ready means that what stands behind the program answers. Asked at most once a second, whoever asks: the endpoint is open to everybody.
 *
 * @param ask fulfilled when it answers; rejected when it does not within these milliseconds
 * @param log hears of the first failure in a row, and that it is over
 */
export function createReadiness(
  ask: (timeoutMs: number) => Promise<unknown>,
  log: Logger,
  now: () => number = () => performance.now(),
): Readiness {
  let stopped = false;
  let known: { answer: Promise<boolean>; until: number } | undefined;
  let failing = false;

  async function look(): Promise<boolean> {
    try {
      await ask(patience);
      if (failing) log.info({ event: 'ready_again' }, 'ready again');
      failing = false;
      return true;
    } catch (err) {
      if (!failing) log.warn({ event: 'not_ready', err }, 'not ready');
      failing = true;
      return false;
    }
  }

  return {
    async isReady() {
      if (known === undefined || known.until <= now()) known = { answer: look(), until: now() + rememberedFor };
      return (await known.answer) && !stopped;
    },
    stop() {
      stopped = true;
    },
  };
}
