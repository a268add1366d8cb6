import { setTimeout as pause } from 'node:timers/promises';
import { createHarm, type Fault } from './harm.ts';
import type { Chance } from './random.ts';
import type { World } from './world.ts';

/** How often each is done relative to the rest. */
const WEIGHTS: Readonly<Record<Fault, number>> = {
  'worker killed': 6,
  'worker paused beyond its lease': 1,
  'callback killed': 4,
  'database stopped immediately': 2,
  'all backends ended': 4,
  'connections cut': 3,
  'network away': 2,
  'member system dead': 1,
};

export interface Faults {
  readonly counts: Map<Fault, number>;
  /** No new fault; answers when all are over. */
  stop(): Promise<void>;
}

/** Does harm at random moments until it is stopped. */
export function startFaults(world: World, chance: Chance, everyMs: readonly [number, number]): Faults {
  const counts = new Map<Fault, number>();
  const stopping = new AbortController();
  const harm = createHarm(world, chance, stopping.signal);
  const underWay = new Set<Promise<void>>();

  function act(fault: Fault): void {
    counts.set(fault, (counts.get(fault) ?? 0) + 1);
    // One that meets another's ruins does nothing.
    const action = Promise.resolve(harm[fault]()).catch(() => undefined);
    underWay.add(action);
    void action.then(() => underWay.delete(action));
  }

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      await pause(chance.between(...everyMs), undefined, { signal: stopping.signal }).catch(() => undefined);
      if (!stopping.signal.aborted) act(chance.weigh(WEIGHTS));
    }
  }
  const ended = loop();
  return {
    counts,
    async stop() {
      stopping.abort();
      await ended;
      await Promise.all(underWay);
    },
  };
}
