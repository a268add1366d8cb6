import { setTimeout as pause } from 'node:timers/promises';
import { actAsCallback, reasonOf } from './load/acting-callback.ts';
import { logInOverHttp } from './load/over-http.ts';
import { createTally } from './load/tally.ts';
import type { ChaosMember } from './members.ts';
import type { Chance } from './random.ts';
import type { AnyWorld } from './world.ts';

/** What was promised to somebody. */
export interface Load {
  /** Observations the database has confirmed. */
  readonly acknowledged: Set<string>;
  /** Logins over HTTP that ended with tokens. */
  logins(): number;
  /** Calls that failed until they were given up; the person tries again another day. */
  unanswered(): number;
  /** Why they failed, and how many each. */
  readonly reasons: ReadonlyMap<string, number>;
  /** Numbers taken away again, as a coordinator does who undoes a decision. */
  removals(): number;
  /** The longest time in which the database confirmed nothing, in milliseconds. @param since by `performance.now()` */
  longestPauseSince(since: number): number;
  /** The slowest login over HTTP, whether or not it succeeded, in milliseconds. */
  slowestMs(): number;
  stop(): Promise<void>;
}

/** Logins in the callback's role and over HTTP, and changes by coordinators, until it is stopped. */
export function startLoad(world: AnyWorld, chance: Chance): Load {
  const acknowledged = new Set<string>();
  const counts = { logins: 0, removals: 0 };
  const reasons = createTally();
  const confirmedAt: number[] = [];
  let slowest = 0;
  const stopping = new AbortController();
  const callback = actAsCallback(world);

  async function recordLogin(member: ChaosMember): Promise<void> {
    const recorded = await callback.record(member, chance.pick(member.numbers));
    if ('gaveUp' in recorded) return reasons.count(recorded.gaveUp);
    acknowledged.add(recorded.id);
    confirmedAt.push(performance.now());
  }

  async function undoDecision(member: ChaosMember): Promise<void> {
    await removeNumber(world, member);
    counts.removals += 1;
  }

  async function walk(): Promise<void> {
    while (!stopping.signal.aborted) {
      const member = chance.pick(world.members);
      await (chance.next() < 0.75 ? recordLogin(member) : undoDecision(member).catch(() => undefined));
      await pause(chance.between(20, 120));
    }
  }

  async function walkOverHttp(): Promise<void> {
    while (!stopping.signal.aborted) {
      const begun = performance.now();
      try {
        if (await logInOverHttp(world, chance)) counts.logins += 1;
      } catch (error) {
        reasons.count(`over HTTP: ${reasonOf(error)}`);
      }
      slowest = Math.max(slowest, performance.now() - begun);
      await pause(chance.between(50, 300));
    }
  }

  const loops = [walk(), walk(), walk(), walk(), walkOverHttp()];
  return {
    acknowledged,
    logins: () => counts.logins,
    unanswered: () => [...reasons.counts.values()].reduce((sum, count) => sum + count, 0),
    reasons: reasons.counts,
    removals: () => counts.removals,
    longestPauseSince(since) {
      const times = [since, ...confirmedAt.filter((at) => at > since), performance.now()];
      return Math.max(...times.slice(1).map((at, before) => at - (times[before] as number)));
    },
    slowestMs: () => slowest,
    async stop() {
      stopping.abort();
      await Promise.all(loops);
      await callback.close();
    },
  };
}

async function removeNumber(world: AnyWorld, { id }: ChaosMember): Promise<void> {
  await world.admin(
    `with changed as (
       update registry.members set personnummer_index = null, personnummer_sealed = null, personnummer_masked = null,
         personnummer_source = null, personnummer_at = null
       where id = $1 and personnummer_index is not null returning id
     ) select private.queue_push(id) from changed`,
    [id],
  );
}
