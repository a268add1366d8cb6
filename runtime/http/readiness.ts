export interface Readiness {
  /** Whether requests should be sent here. Says nothing of why not. */
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
 */
export function createReadiness(
  ask: (timeoutMs: number) => Promise<unknown>,
  now: () => number = () => performance.now(),
): Readiness {
  let stopped = false;
  let known: { answer: Promise<boolean>; until: number } | undefined;

  function look(): Promise<boolean> {
    return ask(patience).then(
      () => true,
      () => false,
    );
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
