import type { Call } from './call.ts';
import { gather } from './gather.ts';
import type { Finished, NextPush, PushClaim, PushResult, PushWaits } from './rows.ts';

/** Taking pushes and reporting on them. */
export interface PushDoors {
  /** @returns null when there is nothing to do: delivered, superseded, or held by another worker. */
  claimPush(pushId: string, workerId: string): Promise<PushClaim | PushWaits | null>;
  /** Gives a push that was fetched and not begun a job again. */
  putBackPush(pushId: string): Promise<void>;
  /** @param next name under which to claim another push of the organisation, if this one was delivered and one is due */
  finishPush(result: PushResult, next?: string | null): Promise<Finished>;
}

const claimPush = 'select * from worker.claim_push(push_id => $1::uuid, worker_id => $2::text)';
const claimPushes = 'select * from worker.claim_pushes(push_ids => $1::uuid[], worker_ids => $2::text[])';
const putBackPush = 'select worker.put_back_push(push_id => $1::uuid)';
const finishPush = `select worker.finish_push(push_id => $1::uuid, fencing_token => $2::bigint, result => $3::text,
  http_status => $4::int, error_code => $5::text, duration_ms => $6::int, final => $7::boolean, retry_after => $8::int,
  status_url => $9::text, receiver_sealed => $10::text, worker_id => $11::text) as state`;
const finishPushes = `select * from worker.finish_pushes(push_ids => $1::uuid[], fencing_tokens => $2::bigint[],
  worker_ids => $3::text[], http_statuses => $4::int[], durations_ms => $5::int[], next_worker_ids => $6::text[])`;

/** What is called for every push. */
export const preparedPushDoors: ReadonlyMap<string, string> = new Map([
  [claimPushes, 'claim_pushes'],
  [finishPushes, 'finish_pushes'],
]);

/** @param onGatherFailure hears when a call for many failed; each of them is then asked for alone */
export function createPushDoors(call: Call, onGatherFailure?: (door: string, error: unknown) => void): PushDoors {
  const claimTogether = gather(claimMany(call), (error) => onGatherFailure?.('claim_pushes', error));
  const finishTogether = gather(finishMany(call), (error) => onGatherFailure?.('finish_pushes', error));
  return {
    async claimPush(pushId, workerId) {
      return (
        (await claimTogether({ pushId, workerId })) ??
        (await call<PushClaim | PushWaits>(claimPush, [pushId, workerId]))[0] ??
        null
      );
    },
    async putBackPush(pushId) {
      await call(putBackPush, [pushId]);
    },
    async finishPush(result, next = null) {
      const together = result.result === 'delivered' ? await finishTogether({ result, next }) : undefined;
      if (together !== undefined) return together;
      const { push_id, fencing_token, http_status, error_code, duration_ms, final, retry_after } = result;
      const values = [push_id, fencing_token, result.result, http_status, error_code, duration_ms, final, retry_after];
      const rest = [result.status_url, result.receiver_sealed, result.worker_id];
      const [row] = await call<{ state: string | null }>(finishPush, [...values, ...rest]);
      return { state: row?.state ?? null, next: null };
    },
  };
}

function claimMany(call: Call) {
  return async (wanted: { pushId: string; workerId: string }[]) => {
    const names = wanted.map(({ workerId }) => workerId);
    const ids = wanted.map(({ pushId }) => pushId);
    const claimed = await call<PushClaim & { push_id: string }>(claimPushes, [ids, names]);
    const byId = new Map(claimed.map((claim) => [claim.push_id, claim]));
    // Asked for twice at once, it goes to the first.
    return wanted.map(({ pushId }, at) => (ids.indexOf(pushId) === at ? byId.get(pushId) : undefined));
  };
}

function finishMany(call: Call) {
  return async (reports: { result: PushResult; next: string | null }[]): Promise<(Finished | undefined)[]> => {
    const column = (key: keyof PushResult) => reports.map(({ result }) => result[key]);
    const values = (['push_id', 'fencing_token', 'worker_id', 'http_status', 'duration_ms'] as const).map(column);
    const names = reports.map(({ next }) => next);
    const [first, ...claims] = await call<NextPush & { finished: string[] | null }>(finishPushes, [...values, names]);
    const finished = new Set(first?.finished);
    return reports.map(({ result, next }) =>
      finished.has(result.push_id)
        ? { state: 'delivered', next: claims.find((claim) => claim.worker_id === next) ?? null }
        : undefined,
    );
  };
}
