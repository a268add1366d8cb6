import { setTimeout as pause } from 'node:timers/promises';
import { sampleOrganizations } from '../../local/sample-data/organizations.ts';
import type { Chance } from './random.ts';
import type { World } from './world.ts';

/** What is done to the system, and how often relative to the rest. */
const faults = {
  'worker killed': 6,
  'worker paused beyond its lease': 1,
  'callback killed': 4,
  'database stopped immediately': 2,
  'all backends ended': 4,
  'connections cut': 3,
  'network away': 2,
  'member system dead': 1,
} as const;
export type Fault = keyof typeof faults;

export interface Faults {
  readonly counts: Map<Fault, number>;
  /** No new fault; answers when all are over. */
  stop(): Promise<void>;
}

function signal(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself meanwhile.
  }
}

/** Does harm at random moments until it is stopped. */
export function startFaults(world: World, chance: Chance, everyMs: readonly [number, number]): Faults {
  const counts = new Map<Fault, number>();
  const stopping = new AbortController();
  const underWay = new Set<Promise<void>>();
  let databaseIsUp = true;

  const actions: Record<Fault, () => Promise<void> | void> = {
    'worker killed': () => signal(chance.pick(world.workers).pid(), 'SIGKILL'),
    async 'worker paused beyond its lease'() {
      const pid = chance.pick(world.workers).pid();
      signal(pid, 'SIGSTOP');
      await pause(17_000, undefined, { signal: stopping.signal }).catch(() => undefined);
      signal(pid, 'SIGCONT');
    },
    'callback killed': () => signal(world.callback.pid(), 'SIGKILL'),
    async 'database stopped immediately'() {
      if (!databaseIsUp) return;
      databaseIsUp = false;
      await world.server.kill('SIGQUIT');
      await pause(chance.between(0, 3_000));
      await world.server.start();
      databaseIsUp = true;
    },
    async 'all backends ended'() {
      await world.admin(
        `select pg_terminate_backend(pid) from pg_stat_activity where usename in ('sync_worker', 'auth_callback')`,
      );
    },
    'connections cut': () => world.proxy.cut(),
    async 'network away'() {
      world.proxy.close();
      await pause(chance.between(500, 2_500));
      world.proxy.mend();
    },
    async 'member system dead'() {
      const { slug } = chance.pick(sampleOrganizations);
      world.memberSystems.setDead(slug, true);
      await pause(chance.between(2_000, 8_000), undefined, { signal: stopping.signal }).catch(() => undefined);
      world.memberSystems.setDead(slug, false);
    },
  };

  function act(fault: Fault): void {
    counts.set(fault, (counts.get(fault) ?? 0) + 1);
    // One that meets another's ruins does nothing.
    const action = Promise.resolve(actions[fault]()).catch(() => undefined);
    underWay.add(action);
    void action.then(() => underWay.delete(action));
  }

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      await pause(chance.between(...everyMs), undefined, { signal: stopping.signal }).catch(() => undefined);
      if (!stopping.signal.aborted) act(chance.weigh(faults));
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
