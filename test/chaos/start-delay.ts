import { until } from '../support/until.ts';
import type { AnyWorld } from './world.ts';

const WAITING = 'select from sync.pushes where settled_at is null and waits_for_conflict_id is null';

/** Milliseconds from a committed change to its request at the member system, of calm pushes one after the other; sorted. */
export async function measureStarts(world: AnyWorld, count: number): Promise<number[]> {
  const delays: number[] = [];
  for (const { id } of world.members.slice(0, count)) {
    const before = world.memberSystems.requests();
    // As a coordinator's own decision, which waits for no open case about the member.
    await world.admin('select private.queue_push($1, null, true)', [id]);
    const committed = performance.now();
    await until('a push started', () => world.memberSystems.requests() > before, 30_000, 2);
    delays.push(Math.round(performance.now() - committed));
    await until('the push settled', async () => (await world.admin(WAITING)).length === 0);
  }
  return delays.sort((one, other) => one - other);
}
