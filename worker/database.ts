import type { Client, Pool } from 'pg';
import { z } from 'zod';
import type { LedgerErasure, LedgerLine } from '../runtime/erasure-ledger.ts';
import type { Logger } from '../runtime/logger.ts';
import { createPool } from '../runtime/pg-pool.ts';
import type { WorkerConfig } from './config.ts';
import {
  type AnnouncedErasure,
  announcedErasure,
  type BeatAnswer,
  beatAnswer,
  type ClaimAnswer,
  claimAnswer,
  type DriftReport,
  type DriftRow,
  driftRow,
  type Erasure,
  type ExportedMember,
  erasure,
  exportedMember,
  type FileResult,
  type FileRow,
  type Finished,
  type FinishedInvoice,
  fileRow,
  finished,
  finishedInvoice,
  type GrantReport,
  type GrantRow,
  grantReport,
  grantRow,
  type InvoiceAnswer,
  type InvoiceReport,
  type IssuerRow,
  invoiceAnswer,
  issuerRow,
  type MemberSystemRow,
  memberSystemRow,
  type NumberToRenew,
  numberToRenew,
  type OrganizationMetrics,
  organizationMetrics,
  type PushReport,
  type Reconciled,
  type Renewal,
  reconciled,
  unrecordedErasure,
} from './database-rows.ts';
import { Failure, type FailureCode } from './failure.ts';
import { gather } from './gather.ts';
import type { WantedKeys } from './renew-number.ts';

/**
 * The functions of schema `worker`: all that the role `sync_worker` may do with our data.
 * Each throws the Failure `database_failed`, with the database's own error as its cause, or `database_row_unexpected`, with what is
 * wrong with the row.
 */
export interface WorkerDatabase {
  // Pushes
  claimPush(pushId: string, workerId: string): Promise<ClaimAnswer | null>;
  /** Gives a push that was fetched and not begun a job again. */
  putBackPush(pushId: string): Promise<void>;
  finishPush(report: PushReport): Promise<Pick<Finished, 'state' | 'next'>>;

  // Invoices
  claimInvoice(invoiceId: string, workerId: string): Promise<InvoiceAnswer | null>;
  /** Gives an invoice that was fetched and not begun a job again. */
  putBackInvoice(invoiceId: string): Promise<void>;
  /** @returns whether an issue-token may be asked for; null when the invoice is not held any more */
  beginLookUp(
    invoiceId: string,
    workerId: string,
    fencingToken: string,
    by: 'number' | 'contact_data',
  ): Promise<boolean | null>;
  finishInvoice(report: InvoiceReport): Promise<FinishedInvoice>;
  /** Renews the leases of invoices that this process is issuing. */
  beatInvoices(invoiceIds: string[], fencingTokens: string[]): Promise<BeatAnswer>;
  /** Takes up invoices that dead workers left, and lets probes through. */
  sweepInvoices(): Promise<Reconciled[]>;
  /** @returns null for an unknown organisation */
  issuer(slug: string): Promise<IssuerRow | null>;

  // Files of changes
  /** @returns the changes for one new file; none when no file is due */
  claimFile(workerId: string): Promise<FileRow[]>;
  /** @returns how many changes the file carries; null when it was given up, because one of them is not to be sent any more */
  finishFile(result: FileResult): Promise<number | null>;
  /** Says that a file could not be written at all, and why. */
  failFile(fileId: string, workerId: string, code: FailureCode): Promise<void>;

  // Comparing records with member systems
  readableOrganizations(): Promise<{ organization: string }[]>;
  driftPage(organization: string, after: string | null, most: number): Promise<DriftRow[]>;
  /** @returns whether a case was opened or closed */
  reportDrift(report: DriftReport): Promise<boolean>;
  /** @returns null for an unknown organisation */
  memberSystem(slug: string): Promise<MemberSystemRow | null>;

  // Erasing persons
  /** Announces that the person is to be erased, where nothing stands against it. */
  announceErasure(organization: string, externalId: string, reason: string): Promise<AnnouncedErasure>;
  /** @returns null for an unknown one */
  readErasure(erasureId: string): Promise<Erasure | null>;
  finishErasure(erasureId: string, recorded: boolean): Promise<void>;
  /** @param receipt a compact JWS. A second one is not stored */
  storeReceipt(erasureId: string, receipt: string): Promise<void>;
  /** @returns null when it was given out before, or is not there */
  takeReceipt(erasureId: string): Promise<string | null>;

  // Members' rights
  /** @returns which of these erasures the database does not know; beside each stands its organisation (slug) */
  missingErasures(erasureIds: string[], organizations: string[]): Promise<string[]>;
  /** @returns `replayed`, `known`, `organization_unknown` or `other_organization` */
  replayErasure(erasureId: string, organization: string, records: LedgerLine['records']): Promise<string>;
  /** @returns erasures that were carried out, and are none of these */
  unrecordedErasures(erasureIds: string[]): Promise<LedgerErasure[]>;
  /** @returns null for an unknown member */
  exportMember(organization: string, externalId: string): Promise<ExportedMember | null>;

  // Grant reports
  /** Counts what a coordinator asked for. @returns false where that is done already, or gave way to another count */
  countGrant(snapshotId: string): Promise<boolean>;
  /** @returns the draft, or the code of the refusal */
  makeGrantSnapshot(asked: {
    organization: string;
    baseYear: number;
    rule: string;
    corrects: string | null;
  }): Promise<GrantReport | string>;
  /** @returns `not_found` where the organisation has no such snapshot */
  grantReport(organization: string, snapshotId: string): Promise<GrantReport | string>;
  /** Rows of a list, or, for `sample`, members drawn by the seed. */
  grantRows(
    report: Pick<GrantReport, 'organization' | 'snapshot_id'>,
    list: {
      what: 'counted' | 'not_counted' | 'duplicates' | 'places' | 'sample';
      after: number;
      most: number;
      seed: string;
    },
  ): Promise<GrantRow[]>;

  // Upkeep
  /** @returns the outcome of the decision, such as `filled` or again `deferred`. */
  processObservation(observationId: string): Promise<string>;
  reconcile(): Promise<Reconciled[]>;
  /** @returns the next rows of a place by id; those that need other keys have their number */
  numbersToRenew(place: string, after: string | null, most: number, keys: WantedKeys): Promise<NumberToRenew[]>;
  /** @returns how many were renewed; the others are for the next round */
  renewNumbers(place: string, renewals: readonly Renewal[]): Promise<number>;
  /** Erases what is kept for a time only. @returns how many rows of the kind with the most; at most `most` */
  eraseExpired(most: number): Promise<number>;
  /** Counts what coordinators' views show as of the last count, where it is time for it. */
  countFigures(): Promise<void>;
  /** Says that this process lives and sends these pushes; renews their leases. */
  beat(poolId: string, pushIds: string[], fencingTokens: string[]): Promise<BeatAnswer>;
  /** Takes up what dead workers left, and lets probes through. */
  sweep(): Promise<Reconciled[]>;
  metrics(): Promise<OrganizationMetrics[]>;
}

export interface WorkerDatabaseOptions {
  /** False behind a pooler that does not keep sessions; the default. */
  readonly preparedStatements?: boolean;
  /** Hears when a call for many failed; each of them is then asked for alone. */
  readonly onGatherFailure?: (name: string, error: unknown) => void;
}

type Call = <Schema extends z.ZodType>(schema: Schema, text: string, values?: unknown[]) => Promise<z.infer<Schema>[]>;

const claimPushes =
  'select * from worker.claim_pushes(push_ids => $1::uuid[], worker_ids => $2::text[], wait_for_locks => $3::boolean)';
const finishPushes = 'select * from worker.finish_pushes(reports => $1::jsonb, wait_for_locks => $2::boolean)';

/** What is called for every push stays prepared on each connection; but not behind a pooler that does not keep sessions. */
const prepared: ReadonlyMap<string, string> = new Map([
  [claimPushes, 'claim_pushes'],
  [finishPushes, 'finish_pushes'],
]);

const beginGrantCount = 'select worker.begin_grant_count(snapshot_id => $1::uuid) as waits';
const countGrant = 'select worker.count_grant(snapshot_id => $1::uuid) as counted';
const makeGrantSnapshot =
  'select * from worker.make_grant_snapshot(organization => $1, base_year => $2, rule => $3, corrects => $4)';

/** A million members take minutes to count, and other calls of seconds have got stuck. In milliseconds. */
const patience: ReadonlyMap<string, number> = new Map([
  [countGrant, 900_000],
  [makeGrantSnapshot, 900_000],
]);

/** Calls with bound parameters; values never become part of the SQL text. */
export function createCall(pool: Pool, preparedStatements = false): Call {
  return async (schema, text, values = []) => {
    const name = preparedStatements ? prepared.get(text) : undefined;
    const timeout = patience.get(text);
    const { rows } = await pool
      .query({
        text,
        values,
        ...(name === undefined ? {} : { name }),
        ...(timeout === undefined ? {} : { query_timeout: timeout }),
      })
      .catch((cause: unknown) => {
        throw new Failure('database_failed', { cause });
      });
    const read = z.array(schema).safeParse(rows);
    if (!read.success) throw new Failure('database_row_unexpected', { cause: read.error });
    return read.data;
  };
}

export function createWorkerDatabase(pool: Pool, options: WorkerDatabaseOptions = {}): WorkerDatabase {
  const { preparedStatements = false, onGatherFailure = () => undefined } = options;
  const call = createCall(pool, preparedStatements);
  return {
    ...pushes(call, onGatherFailure),
    ...invoices(call),
    ...files(call),
    ...drift(call),
    ...erasures(call),
    ...rights(call),
    ...grants(call),
    ...upkeep(call),
    ...renewal(call),
  };
}

const numbersToRenew = `select * from worker.numbers_to_renew(place => $1::text, after => $2::uuid, most => $3::int,
  index_version => $4::text, sealing_kid => $5::text)`;

function renewal(call: Call): Part<'numbersToRenew' | 'renewNumbers'> {
  return {
    numbersToRenew: (place, after, most, { indexVersion, sealingKid }) =>
      call(numberToRenew, numbersToRenew, [place, after, most, indexVersion, sealingKid]),
    async renewNumbers(place, renewals) {
      const text = 'select worker.renew_numbers(place => $1::text, renewals => $2::jsonb) as renewed';
      return (await call(z.object({ renewed: z.number() }), text, [place, JSON.stringify(renewals)]))[0]?.renewed ?? 0;
    },
  };
}

function rights(call: Call): Part<'missingErasures' | 'replayErasure' | 'unrecordedErasures' | 'exportMember'> {
  const id = z.object({ id: z.string() });
  return {
    async missingErasures(erasureIds, organizations) {
      const text =
        'select unnest(worker.missing_erasures(erasure_ids => $1::uuid[], organizations => $2::text[])) as id';
      return (await call(id, text, [erasureIds, organizations])).map((row) => row.id);
    },
    async replayErasure(erasureId, organization, records) {
      const text = 'select worker.replay_erasure(erasure_id => $1, organization => $2, records => $3::jsonb) as became';
      const rows = await call(z.object({ became: z.string() }), text, [
        erasureId,
        organization,
        JSON.stringify(records),
      ]);
      return rows[0]?.became ?? '';
    },
    async unrecordedErasures(erasureIds) {
      return call(unrecordedErasure, 'select * from worker.unrecorded_erasures(erasure_ids => $1::uuid[])', [
        erasureIds,
      ]);
    },
    async exportMember(organization, externalId) {
      const text = 'select * from worker.export_member(organization => $1, external_id => $2)';
      return (await call(exportedMember, text, [organization, externalId]))[0] ?? null;
    },
  };
}

function grants(call: Call): Part<'countGrant' | 'makeGrantSnapshot' | 'grantReport' | 'grantRows'> {
  return {
    async countGrant(snapshotId) {
      const [begun] = await call(z.object({ waits: z.boolean() }), beginGrantCount, [snapshotId]);
      if (begun?.waits !== true) return false;
      const [ended] = await call(z.object({ counted: z.boolean() }), countGrant, [snapshotId]);
      return ended?.counted === true;
    },
    async makeGrantSnapshot({ organization, baseYear, rule, corrects }) {
      const answer = z.object({ report: grantReport.nullable(), refused_as: z.string().nullable() });
      const [made] = await call(answer, makeGrantSnapshot, [organization, baseYear, rule, corrects]);
      return made?.report ?? made?.refused_as ?? 'not_found';
    },
    async grantReport(organization, snapshotId) {
      const text = 'select worker.grant_report(organization => $1, snapshot_id => $2) as report';
      const [found] = await call(z.object({ report: grantReport.nullable() }), text, [organization, snapshotId]);
      return found?.report ?? 'not_found';
    },
    async grantRows({ organization, snapshot_id }, { what, after, most, seed }) {
      const text =
        'select worker.grant_rows(organization => $1, snapshot_id => $2, what => $3, after => $4, most => $5, seed => $6) as rows';
      const answer = z.object({ rows: z.array(grantRow).nullable() });
      const [found] = await call(answer, text, [organization, snapshot_id, what, after, most, seed]);
      return found?.rows ?? [];
    },
  };
}

type Part<Names extends keyof WorkerDatabase> = Pick<WorkerDatabase, Names>;

/**
 * Claims and reports go to the database together with those that come at the same moment. What somebody else has locked is left out
 * there, so that it keeps no others waiting, and is asked for alone; so is each one of a call that failed.
 */
function pushes(
  call: Call,
  onGatherFailure: (name: string, error: unknown) => void,
): Part<'claimPush' | 'putBackPush' | 'finishPush'> {
  async function claim(wanted: { pushId: string; workerId: string }[], alone: boolean) {
    const ids = wanted.map(({ pushId }) => pushId);
    const names = wanted.map(({ workerId }) => workerId);
    const answers = await call(claimAnswer, claimPushes, [ids, names, alone]);
    const byId = new Map(answers.map((answer) => [answer.push_id, answer]));
    // Asked for twice at once, it goes to the first.
    return wanted.map(({ pushId }, at) => (ids.indexOf(pushId) === at ? byId.get(pushId) : undefined));
  }
  async function finish(reports: PushReport[], alone: boolean) {
    // Two runs may report on one push at once: the database is told of one, and of the other alone.
    const ids = reports.map(({ push_id }) => push_id);
    const told = reports.filter(({ push_id }, at) => ids.indexOf(push_id) === at);
    const answers = await call(finished, finishPushes, [JSON.stringify(told), alone]);
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

const beginLookUp = `select billing.begin_look_up(invoice_id => $1::uuid, worker_id => $2::text, fencing_token => $3::bigint,
  looked_up_by => $4::billing.identifier) as allowed`;
const beatInvoices =
  'select lost, forbidden_flags from billing.beat(invoice_ids => $1::uuid[], fencing_tokens => $2::bigint[])';

function invoices(
  call: Call,
): Part<
  'claimInvoice' | 'putBackInvoice' | 'beginLookUp' | 'finishInvoice' | 'beatInvoices' | 'sweepInvoices' | 'issuer'
> {
  return {
    async claimInvoice(invoiceId, workerId) {
      const text = 'select * from billing.claim_invoice(invoice_id => $1::uuid, worker_id => $2::text)';
      return (await call(invoiceAnswer, text, [invoiceId, workerId]))[0] ?? null;
    },
    async putBackInvoice(invoiceId) {
      await call(z.unknown(), 'select billing.put_back_invoice(invoice_id => $1::uuid)', [invoiceId]);
    },
    async beginLookUp(invoiceId, workerId, fencingToken, by) {
      const allowed = z.object({ allowed: z.boolean().nullable() });
      return (await call(allowed, beginLookUp, [invoiceId, workerId, fencingToken, by]))[0]?.allowed ?? null;
    },
    async finishInvoice(report) {
      const text = 'select state, next from billing.finish_invoice(report => $1::jsonb)';
      return (await call(finishedInvoice, text, [JSON.stringify(report)]))[0] ?? { state: null, next: null };
    },
    async beatInvoices(invoiceIds, fencingTokens) {
      const nothing = { lost: [], forbidden_flags: [] };
      return (await call(beatAnswer, beatInvoices, [invoiceIds, fencingTokens]))[0] ?? nothing;
    },
    sweepInvoices: () => call(reconciled, 'select what, queued from billing.sweep()'),
    issuer: async (slug) =>
      (await call(issuerRow, 'select * from billing.issuer(organization => $1::text)', [slug]))[0] ?? null,
  };
}

const finishFile = `select worker.finish_file(file_id => $1::uuid, worker_id => $2::text, content => $3::text,
  push_ids => $4::uuid[], failed_ids => $5::uuid[], failed_codes => $6::text[]) as changes`;
const failFile = 'select worker.fail_file(file_id => $1::uuid, worker_id => $2::text, error_code => $3::text)';

function files(call: Call): Part<'claimFile' | 'finishFile' | 'failFile'> {
  return {
    claimFile: (workerId) => call(fileRow, 'select * from worker.claim_file(worker_id => $1::text)', [workerId]),
    async finishFile({ file_id, worker_id, content, push_ids, failed_ids, failed_codes }) {
      const values = [file_id, worker_id, content, push_ids, failed_ids, failed_codes];
      return (await call(z.object({ changes: z.number().nullable() }), finishFile, values))[0]?.changes ?? null;
    },
    async failFile(fileId, workerId, code) {
      await call(z.unknown(), failFile, [fileId, workerId, code]);
    },
  };
}

const driftPage = 'select * from worker.drift_page(organization => $1::text, after => $2::uuid, most => $3::int)';
const reportDrift = `select worker.report_drift(member_id => $1::uuid, recorded_index => $2::text, verdict => $3::text,
  live_indexes => $4::text[], live_masked => $5::text, as_sent => $6::boolean) as news`;
const memberSystem = 'select * from worker.member_system(organization => $1::text)';

function drift(call: Call): Part<'readableOrganizations' | 'driftPage' | 'reportDrift' | 'memberSystem'> {
  return {
    readableOrganizations: () =>
      call(z.object({ organization: z.string() }), 'select organization from worker.readable_organizations()'),
    driftPage: (organization, after, most) => call(driftRow, driftPage, [organization, after, most]),
    async reportDrift({ member_id, recorded_index, found, live_indexes, live_masked, as_sent }) {
      const values = [member_id, recorded_index, found, live_indexes, live_masked, as_sent];
      return (await call(z.object({ news: z.boolean().nullable() }), reportDrift, values))[0]?.news ?? false;
    },
    memberSystem: async (slug) => (await call(memberSystemRow, memberSystem, [slug]))[0] ?? null,
  };
}

const announceErasure = `select erasure_id, refused_as
  from worker.announce_erasure(organization => $1::text, external_id => $2::text, reason => $3::text)`;
const finishErasure = 'select worker.finish_erasure(erasure_id => $1::uuid, recorded => $2::boolean)';
const storeReceipt = 'select worker.store_receipt(erasure_id => $1::uuid, receipt => $2::text)';
const takeReceipt = 'select worker.take_receipt(erasure_id => $1::uuid) as receipt';

function erasures(
  call: Call,
): Part<'announceErasure' | 'readErasure' | 'finishErasure' | 'storeReceipt' | 'takeReceipt'> {
  return {
    announceErasure: async (...values) =>
      (await call(announcedErasure, announceErasure, values))[0] ?? { erasure_id: null, refused_as: 'not_found' },
    readErasure: async (id) =>
      (await call(erasure, 'select * from worker.read_erasure(erasure_id => $1::uuid)', [id]))[0] ?? null,
    async finishErasure(id, recorded) {
      await call(z.unknown(), finishErasure, [id, recorded]);
    },
    async storeReceipt(id, receipt) {
      await call(z.unknown(), storeReceipt, [id, receipt]);
    },
    takeReceipt: async (id) =>
      (await call(z.object({ receipt: z.string().nullable() }), takeReceipt, [id]))[0]?.receipt ?? null,
  };
}

const processObservation = 'select worker.process_observation(observation_id => $1::uuid) as outcome';
const eraseExpired = 'select worker.erase_expired(most => $1::int) as erased';
const countFigures = 'select worker.count_figures() as organizations';
const beat = `select lost, forbidden_flags
  from worker.beat(pool_id => $1::text, push_ids => $2::uuid[], fencing_tokens => $3::bigint[])`;

function upkeep(
  call: Call,
): Part<'processObservation' | 'reconcile' | 'eraseExpired' | 'countFigures' | 'beat' | 'sweep' | 'metrics'> {
  return {
    async processObservation(observationId) {
      const outcome = z.object({ outcome: z.string().nullable() });
      return (await call(outcome, processObservation, [observationId]))[0]?.outcome ?? 'unknown';
    },
    reconcile: () => call(reconciled, 'select what, queued from worker.reconcile()'),
    async eraseExpired(most) {
      return (await call(z.object({ erased: z.number() }), eraseExpired, [most]))[0]?.erased ?? 0;
    },
    async countFigures() {
      await call(z.object({ organizations: z.number() }), countFigures);
    },
    async beat(poolId, pushIds, fencingTokens) {
      const values = [poolId, pushIds, fencingTokens];
      return (await call(beatAnswer, beat, values))[0] ?? { lost: [], forbidden_flags: [] };
    },
    sweep: () => call(reconciled, 'select what, queued from worker.sweep()'),
    metrics: () => call(organizationMetrics, 'select * from worker.metrics()'),
  };
}

/** SQLSTATE read_only_sql_transaction: this server is a standby, or has become one. */
const readOnly = '25006';

/** What node-postgres has beneath a client. */
interface Wire {
  on(event: 'errorMessage', listener: (message: { code?: string }) => void): void;
}

/**
 * The worker's connections. One that reports that its server is read-only is closed after the failed statement: after a
 * failover the name leads to another server, and only new connections get there.
 */
export function createWorkerPool(config: WorkerConfig, log: Logger): Pool {
  // One connection listens or beats; jobs hold theirs only while they talk to the database.
  const max = config.concurrency + 2;
  const pool = createPool({ connectionString: config.databaseUrl, max, applicationName: 'sync-worker', log });
  pool.on('connect', (client: Client & { connection?: Wire }) => {
    // A connection that breaks while graphile-worker holds it would otherwise end the process. Whoever uses it hears of it
    // from the failing query.
    client.on('error', () => undefined);
    client.connection?.on('errorMessage', ({ code }) => {
      if (code === readOnly) void client.end().catch(() => undefined);
    });
  });
  return pool;
}
