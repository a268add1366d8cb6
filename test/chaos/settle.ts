import { setTimeout as pause } from 'node:timers/promises';
import type { AnyWorld } from './world.ts';

/** Nothing waits any more but what waits for a coordinator, whose number is in question. Everything that waits for a later time is brought forward, again and again. */
export async function settle(world: AnyWorld, withinMs: number): Promise<void> {
  world.memberSystems.calm();
  const deadline = performance.now() + withinMs;
  for (;;) {
    const [row] = await world
      .admin<{ waiting: number }>(
        `select (select count(*) from sync.pushes where settled_at is null and waits_for_conflict_id is null)::int
              + (select count(*) from registry.observations where outcome = 'deferred')::int as waiting`,
      )
      .catch(() => []);
    if (row?.waiting === 0) return;
    if (performance.now() > deadline) throw new Error(`still waiting: ${row?.waiting}\n${await describe(world)}`);
    await world
      .admin(
        `update sync.breakers set probe_at = now() where state = 'open';
         update sync.pushes set next_attempt_at = now() where state in ('pending', 'given_up') and next_attempt_at > now();
         update graphile_worker._private_jobs set run_at = now() where locked_at is null and run_at > now() and attempts < max_attempts`,
      )
      .catch(() => []);
    await pause(500);
  }
}

/** What waits, and for what; ids and codes only. */
async function describe(world: AnyWorld): Promise<string> {
  const pushes = await world.admin(
    `select p.state, p.error_code, p.attempts, p.next_attempt_at, p.lease_expires_at, p.accepted_until is not null as accepted,
       j.run_at, j.attempts as job_attempts, j.locked_by, j.flags is not null as flagged
     from sync.pushes as p left join graphile_worker.jobs as j on j.key = 'push_personnummer:' || p.id
     where p.settled_at is null limit 5`,
  );
  const breakers = await world.admin('select * from sync.breakers');
  const workers = await world.admin('select * from sync.workers');
  return JSON.stringify({ now: new Date(), pushes, breakers, workers }, null, 1);
}
