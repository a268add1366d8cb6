import { setTimeout as pause } from 'node:timers/promises';
import { sampleOrganizations } from '../../local/sample-data/organizations.ts';
import type { Chance } from './random.ts';
import type { World } from './world.ts';

/** What can be done to the system. */
export type Fault =
  | 'worker killed'
  | 'worker paused beyond its lease'
  | 'callback killed'
  | 'database stopped immediately'
  | 'all backends ended'
  | 'connections cut'
  | 'network away'
  | 'member system dead';

function signal(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself meanwhile.
  }
}

/** How each harm is done, and undone where it does not pass by itself. @param stopping ends the long ones early */
export function createHarm(
  world: World,
  chance: Chance,
  stopping: AbortSignal,
): Record<Fault, () => Promise<void> | void> {
  let databaseIsUp = true;
  return {
    'worker killed': () => signal(chance.pick(world.workers).pid(), 'SIGKILL'),
    async 'worker paused beyond its lease'() {
      const pid = chance.pick(world.workers).pid();
      signal(pid, 'SIGSTOP');
      await pause(17_000, undefined, { signal: stopping }).catch(() => undefined);
      signal(pid, 'SIGCONT');
    },
    'callback killed': () => signal(chance.pick(world.callbacks).pid(), 'SIGKILL'),
    async 'database stopped immediately'() {
      if (!databaseIsUp) return;
      databaseIsUp = false;
      try {
        await world.server.kill('SIGQUIT');
        await pause(chance.between(0, 3_000));
        await world.server.start();
      } finally {
        databaseIsUp = true;
      }
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
      await pause(chance.between(2_000, 8_000), undefined, { signal: stopping }).catch(() => undefined);
      world.memberSystems.setDead(slug, false);
    },
  };
}
