import { setTimeout as pause } from 'node:timers/promises';
import type { World } from './world.ts';

/** Milliseconds from a committed change to its request at the member system, of calm pushes one after the other; sorted. */
export async function measureStarts(world: World, count: number): Promise<number[]> {
  const delays: number[] = [];
  for (const { id } of world.members.slice(0, count)) {
    const before = world.memberSystems.requests();
    // As a coordinator's own decision, which waits for no open case about the member.
    await world.admin('select private.queue_push($1, null, true)', [id]);
    const committed = performance.now();
    while (world.memberSystems.requests() === before) {
      if (performance.now() - committed > 30_000) throw new Error('a push did not start within 30 s');
      await pause(2);
    }
    delays.push(Math.round(performance.now() - committed));
    while (
      (await world.admin('select from sync.pushes where settled_at is null and waits_for_conflict_id is null')).length >
      0
    )
      await pause(20);
  }
  return delays.sort((one, other) => one - other);
}
