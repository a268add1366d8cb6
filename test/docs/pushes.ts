import type pg from 'pg';
import { type ActingCallback, one } from '../support/acting-callback.ts';
import { claimPush, finishPush } from '../support/push-worker.ts';
import { meet, number, type Scene } from './scene.ts';

/** The oldest push that waits. */
export async function attempt(scene: Scene, result: string, code: string | null = null) {
  const { id } = await one(
    scene.db,
    `update sync.pushes set next_attempt_at = now()
     where id = (select id from sync.pushes where state = 'pending' order by created_at, id limit 1) returning id`,
  );
  return carry(scene, id as string, result, code);
}

const claim = (worker: pg.Pool, id: string) => claimPush(worker, id, 'worker-1');

async function carry({ worker }: Scene, id: string, result: string, code: string | null = null) {
  const { fencing_token } = await claim(worker, id);
  await finishPush(worker, { push_id: id, fencing_token, result, error_code: code, duration_ms: 12 });
  return id;
}

export async function failAndRetry(scene: Scene) {
  const failed = await attempt(scene, 'rejected', 'http_4xx');
  await scene.coordinator.call('retry_sync', failed);
}

/** The member system refuses our credentials, and then takes them again. */
export async function breakAndMend(scene: Scene) {
  await attempt(scene, 'retry', 'http_401');
  await scene.db.pool.query('update sync.breakers set probe_at = now()');
  await scene.worker.query('select from worker.sweep()');
  const { probe } = await one(scene.db, 'select probe_push_id as probe from sync.breakers');
  await carry(scene, probe as string, 'delivered');
}

/** An organisation whose member system a person types into. */
export async function typeIn({ db, coordinator, worker }: Scene, list: ActingCallback) {
  await db.pool.query(`update sync.member_systems set kind = 'worklist' where organization_id = $1`, [
    list.organization.id,
  ]);
  await meet({ db, callback: list, coordinator, worker }, 11, undefined, number(10));
  // As the worker leaves it when it has sealed the number for the organisation's key.
  const { id } = await one(
    db,
    `update sync.pushes set accepted_until = now() + interval '1 day', receiver_sealed = 'sealed for them'
     where organization_id = $1 returning id`,
    [list.organization.id],
  );
  await coordinator.call('fetch_number', id);
  await coordinator.call('mark_done', id);
}
