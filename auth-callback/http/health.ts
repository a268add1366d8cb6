import { within } from '../database/database-budget.ts';
import type { LoginDatabase } from '../database/login-database.ts';

export interface Readiness {
  /** Whether requests should be sent here. Says nothing of why not. */
  isReady(): Promise<boolean>;
  /** From now on it is not: what is under way may finish, nothing new should come. */
  stop(): void;
}

const patience = 1_000;
const rememberedFor = 1_000;

/**
 * Ready means that the database answers, and that our interface is there. Asked at most once a second, whoever asks: the
 * endpoint is open to everybody.
 */
export function createReadiness(
  load: LoginDatabase['providers'],
  now: () => number = () => performance.now(),
): Readiness {
  let stopped = false;
  let known: { answer: Promise<boolean>; until: number } | undefined;

  function ask(): Promise<boolean> {
    return within(patience, load(patience)).then(
      () => true,
      () => false,
    );
  }

  return {
    async isReady() {
      if (known === undefined || known.until <= now()) known = { answer: ask(), until: now() + rememberedFor };
      return (await known.answer) && !stopped;
    },
    stop() {
      stopped = true;
    },
  };
}
