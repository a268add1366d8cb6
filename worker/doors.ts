import type { Pool, QueryResultRow } from 'pg';
import type {
  BeatAnswer,
  DriftReport,
  DriftRow,
  FileResult,
  FileRow,
  Finished,
  NextPush,
  OrganizationMetrics,
  PushClaim,
  PushResult,
  PushWaits,
  Reconciled,
} from './door-rows.ts';
import { Failure, type FailureCode } from './failure.ts';
import { gather } from './gather.ts';

/**
 * The functions of schema `worker`: all that the role `sync_worker` may do with our data.
 * Each throws the Failure `database_failed`, with the database's own error as its cause.
 */
export interface Doors {
  /** @returns null when there is nothing to do: delivered, superseded, or held by another worker. */
  claimPush(pushId: string, workerId: string): Promise<PushClaim | PushWaits | null>;
  /** Gives a push that was fetched and not begun a job again. */
  putBackPush(pushId: string): Promise<void>;
  /** @param next name under which to claim another push of the organisation, if this one was delivered and one is due */
  finishPush(result: PushResult, next?: string | null): Promise<Finished>;
  /** @returns the outcome of the decision, such as `filled` or again `deferred`. */
  processObservation(observationId: string): Promise<string>;
  reconcile(): Promise<Reconciled[]>;
  /** Erases what is kept for a time only. @returns how many rows of the kind with the most; at most `most` */
  eraseExpired(most: number): Promise<number>;
  /** Says that this process lives and sends these pushes; renews their leases. */
  beat(poolId: string, pushIds: string[], fencingTokens: string[]): Promise<BeatAnswer>;
  /** Takes up what dead workers left, and lets probes through. */
  sweep(): Promise<Reconciled[]>;
  /** @returns the changes for one new file; none when no file is due */
  claimFile(workerId: string): Promise<FileRow[]>;
  /** @returns how many changes the file carries; null when it was given up, because one of them is not to be sent any more */
  finishFile(result: FileResult): Promise<number | null>;
  /** Says that a file could not be written at all, and why. */
  failFile(fileId: string, workerId: string, code: FailureCode): Promise<void>;
  metrics(): Promise<OrganizationMetrics[]>;
  readableOrganizations(): Promise<{ organization: string }[]>;
  driftPage(organization: string, after: string | null, most: number): Promise<DriftRow[]>;
  /** @returns whether a case was opened or closed */
  reportDrift(report: DriftReport): Promise<boolean>;
  /** @returns the organisation's id and its row as JSON (null: it has none); null for an unknown organisation */
  memberSystem(slug: string): Promise<{ organization_id: string; member_system: unknown } | null>;
}

const claimPush = 'select * from worker.claim_push(push_id => $1::uuid, worker_id => $2::text)';
const claimPushes = 'select * from worker.claim_pushes(push_ids => $1::uuid[], worker_ids => $2::text[])';
const finishPushes = `select * from worker.finish_pushes(push_ids => $1::uuid[], fencing_tokens => $2::bigint[],
  worker_ids => $3::text[], http_statuses => $4::int[], durations_ms => $5::int[], next_worker_ids => $6::text[])`;
const putBackPush = 'select worker.put_back_push(push_id => $1::uuid)';
const finishPush = `select worker.finish_push(push_id => $1::uuid, fencing_token => $2::bigint, result => $3::text,
  http_status => $4::int, error_code => $5::text, duration_ms => $6::int, final => $7::boolean, retry_after => $8::int,
  status_url => $9::text, receiver_sealed => $10::text, worker_id => $11::text) as state`;
const processObservation = 'select worker.process_observation(observation_id => $1::uuid) as outcome';
const beat = `select lost, forbidden_flags
  from worker.beat(pool_id => $1::text, push_ids => $2::uuid[], fencing_tokens => $3::bigint[])`;
const claimFile = 'select * from worker.claim_file(worker_id => $1::text)';
const finishFile = `select worker.finish_file(file_id => $1::uuid, worker_id => $2::text, content => $3::text,
  push_ids => $4::uuid[], failed_ids => $5::uuid[], failed_codes => $6::text[]) as changes`;
const failFile = 'select worker.fail_file(file_id => $1::uuid, worker_id => $2::text, error_code => $3::text)';

const driftPage = 'select * from worker.drift_page(organization => $1::text, after => $2::uuid, most => $3::int)';
const reportDrift = `select worker.report_drift(member_id => $1::uuid, recorded_index => $2::text, verdict => $3::text,
  live_indexes => $4::text[], live_masked => $5::text, as_sent => $6::boolean) as news`;

/** What stays prepared on each connection: what is called for every push. */
const preparedNames: ReadonlyMap<string, string> = new Map([
  [claimPushes, 'claim_pushes'],
  [finishPushes, 'finish_pushes'],
]);

/**
 * Calls the doors with bound parameters; values never become part of the SQL text.
 *
 * @param options.preparedStatements false behind a pooler that does not keep sessions
 * @param options.onGatherFailure hears when a call for many failed; each of them is then asked for alone
 */
export function createDoors(
  pool: Pool,
  {
    preparedStatements = false,
    onGatherFailure,
  }: { preparedStatements?: boolean; onGatherFailure?: (door: string, error: unknown) => void } = {},
): Doors {
  async function rows<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
    const name = preparedStatements ? preparedNames.get(text) : undefined;
    try {
      return (await pool.query<Row & QueryResultRow>({ text, values, ...(name !== undefined && { name }) })).rows;
    } catch (error) {
      throw new Failure('database_failed', { cause: error });
    }
  }
  const failed = (door: string) => (error: unknown) => onGatherFailure?.(door, error);
  const claimTogether = gather(async (wanted: { pushId: string; workerId: string }[]) => {
    const names = wanted.map(({ workerId }) => workerId);
    const ids = wanted.map(({ pushId }) => pushId);
    const claimed = await rows<PushClaim & { push_id: string }>(claimPushes, [ids, names]);
    const byId = new Map(claimed.map((claim) => [claim.push_id, claim]));
    // Asked for twice at once, it goes to the first.
    return wanted.map(({ pushId }, at) => (ids.indexOf(pushId) === at ? byId.get(pushId) : undefined));
  }, failed('claim_pushes'));
  const finishTogether = gather(async (reports: { result: PushResult; next: string | null }[]) => {
    const column = (key: keyof PushResult) => reports.map(({ result }) => result[key]);
    const values = (['push_id', 'fencing_token', 'worker_id', 'http_status', 'duration_ms'] as const).map(column);
    const names = reports.map(({ next }) => next);
    const [first, ...claims] = await rows<NextPush & { finished: string[] | null }>(finishPushes, [...values, names]);
    const finished = new Set(first?.finished);
    return reports.map(({ result, next }) =>
      finished.has(result.push_id)
        ? { state: 'delivered', next: claims.find((claim) => claim.worker_id === next) ?? null }
        : undefined,
    );
  }, failed('finish_pushes'));
  return {
    async claimPush(pushId, workerId) {
      return (
        (await claimTogether({ pushId, workerId })) ??
        (await rows<PushClaim | PushWaits>(claimPush, [pushId, workerId]))[0] ??
        null
      );
    },
    async putBackPush(pushId) {
      await rows(putBackPush, [pushId]);
    },
    async finishPush(result, next = null) {
      const together = result.result === 'delivered' ? await finishTogether({ result, next }) : undefined;
      if (together !== undefined) return together;
      const { push_id, fencing_token, http_status, error_code, duration_ms, final, retry_after } = result;
      const values = [push_id, fencing_token, result.result, http_status, error_code, duration_ms, final, retry_after];
      const rest = [result.status_url, result.receiver_sealed, result.worker_id];
      const [row] = await rows<{ state: string | null }>(finishPush, [...values, ...rest]);
      return { state: row?.state ?? null, next: null };
    },
    async processObservation(observationId) {
      return (await rows<{ outcome: string }>(processObservation, [observationId]))[0]?.outcome ?? 'unknown';
    },
    reconcile: () => rows('select what, queued from worker.reconcile()'),
    async eraseExpired(most) {
      const text = 'select worker.erase_expired(most => $1::int) as erased';
      return (await rows<{ erased: number }>(text, [most]))[0]?.erased ?? 0;
    },
    async beat(poolId, pushIds, fencingTokens) {
      return (await rows<BeatAnswer>(beat, [poolId, pushIds, fencingTokens]))[0] ?? { lost: [], forbidden_flags: [] };
    },
    sweep: () => rows('select what, queued from worker.sweep()'),
    claimFile: (workerId) => rows(claimFile, [workerId]),
    async finishFile({ file_id, worker_id, content, push_ids, failed_ids, failed_codes }) {
      const values = [file_id, worker_id, content, push_ids, failed_ids, failed_codes];
      return (await rows<{ changes: number | null }>(finishFile, values))[0]?.changes ?? null;
    },
    async failFile(fileId, workerId, code) {
      await rows(failFile, [fileId, workerId, code]);
    },
    metrics: () => rows('select * from worker.metrics()'),
    readableOrganizations: () => rows('select organization from worker.readable_organizations()'),
    driftPage: (organization, after, most) => rows(driftPage, [organization, after, most]),
    async reportDrift({ member_id, recorded_index, found, live_indexes, live_masked, as_sent }) {
      const values = [member_id, recorded_index, found, live_indexes, live_masked, as_sent];
      return (await rows<{ news: boolean }>(reportDrift, values))[0]?.news ?? false;
    },
    async memberSystem(slug) {
      const text = 'select * from worker.member_system(organization => $1::text)';
      return (await rows<{ organization_id: string; member_system: unknown }>(text, [slug]))[0] ?? null;
    },
  };
}
