import type { Logger } from '../runtime/logger.ts';

// Those that come within this time go together: under load they come in groups, because what they waited for came in one.
const gatherMs = 1;

/**
 * Turns calls into calls for many: what is asked within a millisecond, or while a call is under way, is asked together. Under load
 * ten calls become one round trip and one commit.
 *
 * @param many answers in the order of what it was asked; undefined: not this one, not together with others
 * @param onFailure hears why `many` failed: asking one by one still works, only slower, so that nobody else would notice
 * @returns what `many` answered for this one; also undefined when `many` failed, because one may have failed for all
 */
export function gather<In, Out>(
  many: (inputs: In[]) => Promise<(Out | undefined)[]>,
  onFailure: (error: unknown) => void,
): (input: In) => Promise<Out | undefined> {
  let waiting: { input: In; answer: (value: Out | undefined) => void }[] = [];
  let underWay = false;

  async function run(): Promise<void> {
    const batch = waiting;
    waiting = [];
    const answers = await many(batch.map(({ input }) => input)).catch((error: unknown) => {
      onFailure(error);
      return [];
    });
    underWay = waiting.length > 0;
    if (underWay) {
      // The next call leaves before the answers are worked on, so that the server is not idle meanwhile.
      void run();
      await new Promise((done) => setImmediate(done));
    }
    for (const [at, { answer }] of batch.entries()) answer(answers[at]);
  }

  return (input) =>
    new Promise((answer) => {
      waiting.push({ input, answer });
      if (underWay) return;
      underWay = true;
      setTimeout(() => void run(), gatherMs);
    });
}

// One that fails every time does so many times a second; the first says all, and the next one how many it stands for.
const logEveryMs = 60_000;

/** Creates what writes into the log that a call for many failed: at most a line a minute for each function. */
export function logGatherFailures(log: Logger, now = () => performance.now()) {
  const known = new Map<string, { loggedAt: number; times: number }>();
  return (name: string, error: unknown): void => {
    const entry = known.get(name) ?? { loggedAt: Number.NEGATIVE_INFINITY, times: 0 };
    known.set(name, entry);
    entry.times += 1;
    if (now() - entry.loggedAt < logEveryMs) return;
    const err = error instanceof Error ? (error.cause ?? error) : error;
    log.warn({ function: name, times: entry.times, err }, 'asked one by one');
    entry.loggedAt = now();
    entry.times = 0;
  };
}
