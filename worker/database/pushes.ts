import { z } from 'zod';
import { type ClaimAnswer, claimAnswer, type Finished, finished, type PushReport } from '../database-rows.ts';
import { gather } from '../gather.ts';
import type { Call } from './call.ts';

/** Changes on their way to member systems. */
export interface PushCalls {
  claimPush(pushId: string, workerId: string): Promise<ClaimAnswer | null>;
  /** Gives a push that was fetched and not begun a job again. */
  putBackPush(pushId: string): Promise<void>;
  finishPush(report: PushReport): Promise<Pick<Finished, 'state' | 'next'>>;
}

const claimPushes =
  'select * from worker.claim_pushes(push_ids => $1::uuid[], worker_ids => $2::text[], wait_for_locks => $3::boolean)';
const finishPushes = 'select * from worker.finish_pushes(reports => $1::jsonb, wait_for_locks => $2::boolean)';

/**
 * Claims and reports go to the database together with those that come at the same moment. What somebody else has locked is left out
 * there, so that it keeps no others waiting, and is asked for alone; so is each one of a call that failed.
 */
export function createPushCalls(call: Call, onGatherFailure: (name: string, error: unknown) => void): PushCalls {
  async function claim(wanted: { pushId: string; workerId: string }[], alone: boolean) {
    const ids = wanted.map(({ pushId }) => pushId);
    const names = wanted.map(({ workerId }) => workerId);
    const answers = await call(claimAnswer, claimPushes, [ids, names, alone], { prepareAs: 'claim_pushes' });
    const byId = new Map(answers.map((answer) => [answer.push_id, answer]));
    // Asked for twice at once, it goes to the first.
    return wanted.map(({ pushId }, at) => (ids.indexOf(pushId) === at ? byId.get(pushId) : undefined));
  }
  async function finish(reports: PushReport[], alone: boolean) {
    // Two runs may report on one push at once: the database is told of one, and of the other alone.
    const ids = reports.map(({ push_id }) => push_id);
    const told = reports.filter(({ push_id }, at) => ids.indexOf(push_id) === at);
    const answers = await call(finished, finishPushes, [JSON.stringify(told), alone], { prepareAs: 'finish_pushes' });
    const byId = new Map(answers.map((answer) => [answer.push_id, answer]));
    return reports.map(({ push_id }, at) => (ids.indexOf(push_id) === at ? byId.get(push_id) : undefined));
  }
  const claimTogether = gather(
    (wanted: { pushId: string; workerId: string }[]) => claim(wanted, false),
    (error) => onGatherFailure('claim_pushes', error),
  );
  const finishTogether = gather(
    (reports: PushReport[]) => finish(reports, false),
    (error) => onGatherFailure('finish_pushes', error),
  );
  return {
    async claimPush(pushId, workerId) {
      const wanted = { pushId, workerId };
      return (await claimTogether(wanted)) ?? (await claim([wanted], true))[0] ?? null;
    },
    async putBackPush(pushId) {
      await call(z.unknown(), 'select worker.put_back_push(push_id => $1::uuid)', [pushId]);
    },
    async finishPush(report) {
      return (await finishTogether(report)) ?? (await finish([report], true))[0] ?? { state: null, next: null };
    },
  };
}
