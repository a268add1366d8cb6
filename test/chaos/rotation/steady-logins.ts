import { setTimeout as pause } from 'node:timers/promises';
import { describeError } from '../../../runtime/describe-error.ts';
import { actAsCallback } from '../load/acting-callback.ts';
import { logInOverHttp, members } from '../load/over-http.ts';
import { createTally } from '../load/tally.ts';
import type { Load } from '../load.ts';
import type { Chance } from '../random.ts';
import type { AnyWorld } from '../world.ts';

/** Every so many is a whole login over HTTP; the rest hand over their row as the callback does. */
const ONE_OVER_HTTP = 5;

export interface SteadyLogins extends Pick<Load, 'acknowledged' | 'logins'> {
  /** What went wrong, one line for each login. */
  readonly failures: readonly string[];
  /** Why rows that were handed over got no answer, and how many each. */
  readonly reasons: ReadonlyMap<string, number>;
  begun(): number;
  /** The callback that is acted here is restarted with the world's keys. */
  takeUpKeys(): void;
  stop(): Promise<void>;
}

/** Programs that have just started have no connections yet, and people do not come all at once: the rate is reached after this time (seconds). */
const RISE = 15;

/** @returns when the login of this number begins, in milliseconds since the first: ever more often for a while, then evenly */
function beginsAt(nth: number, perSecond: number): number {
  const inRise = (perSecond * RISE) / 2;
  return 1_000 * (nth < inRise ? Math.sqrt((2 * RISE * nth) / perSecond) : RISE + (nth - inRise) / perSecond);
}

/** So many logins a second, evenly but for the beginning, whatever else happens. Everybody logs in once before somebody does again. */
export function startSteadyLogins(world: AnyWorld, chance: Chance, perSecond: number): SteadyLogins {
  const acknowledged = new Set<string>();
  const failures: string[] = [];
  const reasons = createTally();
  const callback = actAsCallback(world);
  const people = chance.shuffle([...world.members]);
  const stopping = new AbortController();
  const underWay = new Set<Promise<void>>();
  let [begun, direct, overHttp] = [0, 0, 0];

  const startedAt = performance.now();
  const seconds = () => Math.round((performance.now() - startedAt) / 1_000);

  async function handOver(): Promise<void> {
    const person = people[direct++ % people.length] as (typeof people)[number];
    const recorded = await callback.record(person, person.numbers[0]);
    if ('id' in recorded) {
      acknowledged.add(recorded.id);
      return;
    }
    reasons.count(recorded.gaveUp);
    failures.push(`${person.externalId} got no answer (${recorded.gaveUp}, after ${seconds()} s)`);
  }

  async function logInAsApp(): Promise<void> {
    try {
      if (await logInOverHttp(world, chance, members)) overHttp += 1;
      else failures.push('a login over HTTP was refused');
    } catch (error) {
      failures.push(`a login over HTTP: ${describeError(error)}`);
    }
  }

  async function keepPace(): Promise<void> {
    while (!stopping.signal.aborted) {
      await pause(Math.max(0, startedAt + beginsAt(begun, perSecond) - performance.now()));
      begun += 1;
      const login = begun % ONE_OVER_HTTP === 0 ? logInAsApp() : handOver();
      underWay.add(login);
      void login.finally(() => underWay.delete(login));
    }
  }

  const pace = keepPace();
  return {
    acknowledged,
    failures,
    reasons: reasons.counts,
    begun: () => begun,
    logins: () => overHttp,
    takeUpKeys: () => callback.takeUpKeys(),
    async stop() {
      stopping.abort();
      await pace;
      await Promise.all(underWay);
      await callback.close();
    },
  };
}
