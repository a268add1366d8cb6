import { setTimeout as pause } from 'node:timers/promises';
import type { Indexer } from '../personnummer/blind-index.ts';
import { Personnummer } from '../personnummer/personnummer.ts';
import type { GuardedFetch } from '../runtime/guarded-fetch.ts';
import type { WorkerDatabase } from './database.ts';
import type { DriftRow } from './database-rows.ts';
import { Failure } from './failure.ts';
import { type Authorize, authorized } from './member-system/authorization.ts';
import { failureOfStatus } from './member-system/classify.ts';
import { buildReadUrl } from './member-system/request.ts';
import { read } from './member-system/send.ts';
import { type HttpMemberSystem, readMemberSystem } from './member-system/settings.ts';

/** How a record compares with the member system. */
type Found = 'same' | 'another' | 'none' | 'missing' | 'unreadable';

/** What comparing needs. */
export interface DriftOptions {
  readonly database: Pick<WorkerDatabase, 'driftPage' | 'reportDrift'>;
  readonly indexer: Indexer;
  readonly authorize: Authorize;
  readonly fetch: GuardedFetch;
  readonly signal: AbortSignal;
}

/** A page of comparisons. */
export interface DriftPage {
  readonly counts: Readonly<Record<Found | 'failed', number>>;
  /** The member after which to go on; null: that was all. */
  readonly after: string | null;
}

interface Live {
  readonly found: Exclude<Found, 'same'> | 'number';
  readonly number: Personnummer | null;
}

/** The number in what a member system shows of a member. */
function judgeValue(value: unknown): Live {
  if (value === undefined || value === null || value === '') return { found: 'none', number: null };
  const digits = typeof value === 'string' ? value.replace(/^(\d{6})[ -](\d{5})$/, '$1$2') : '';
  return /^\d{11}$/.test(digits)
    ? { found: 'number', number: new Personnummer(digits) }
    : { found: 'unreadable', number: null };
}

/**
 * Follows a JSON pointer (RFC 6901) into a value.
 *
 * @param pointer e.g. `/person/personnummer`; the empty one is the value itself
 * @returns what stands there; undefined where the path leads nowhere
 */
export function readPointer(value: unknown, pointer: string): unknown {
  const steps = pointer.split('/').slice(1);
  return steps.reduce<unknown>((at, step) => {
    if (typeof at !== 'object' || at === null) return undefined;
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    return Object.hasOwn(at, key) ? Reflect.get(at, key) : undefined;
  }, value);
}

/** Reads one member. Throws a Failure where nothing can be said. */
async function readLive(row: DriftRow, system: HttpMemberSystem, options: DriftOptions): Promise<Live> {
  if (system.readUrlTemplate === null) throw new Failure('member_system_misconfigured');
  const url = buildReadUrl(system.readUrlTemplate, row.external_id, null);
  const { timeoutMs, authentication } = system;
  const { authorize, fetch, signal } = options;
  const { status, body } = await authorized(authentication, authorize, (authorization) =>
    read(url, { fetch, timeoutMs, signal, authorization }),
  );
  if (status === 404 || status === 410) return { found: 'missing', number: null };
  if (status < 200 || status > 299) throw new Failure(failureOfStatus(status));
  if (body === null) throw new Failure('http_unexpected');
  return judgeValue(readPointer(body, system.readPointer));
}

function compare(row: DriftRow, { found, number }: Live, indexer: Indexer) {
  const matches = (index: string | null) =>
    number === null ? index === null : index !== null && indexer.matches(number, row.organization_id, index);
  // A member that is not there, or has nothing, agrees with a record without a number.
  const empty = found === 'none' || found === 'missing';
  const same = found === 'number' ? matches(row.personnummer_index) : empty && row.personnummer_index === null;
  return {
    member_id: row.member_id,
    recorded_index: row.personnummer_index,
    found: same ? ('same' as const) : found === 'number' ? ('another' as const) : found,
    live_indexes: number === null ? [] : indexer.indexes(number, row.organization_id),
    live_masked: number === null ? null : number.masked(),
    as_sent: row.sent && found !== 'unreadable' && matches(row.sent_index),
  };
}

/** So many failures in a row, and the member system is left in peace until the next night. */
const enough = 5;

/**
 * Compares one page of records with the member system, by index, and reports differences, which become cases.
 *
 * @param after the member after which to go on; null: from the first
 * @param until `performance.now()` at which to stop, whatever is left
 */
export async function compareDrift(
  organization: string,
  after: string | null,
  until: number,
  options: DriftOptions,
): Promise<DriftPage> {
  const counts = { same: 0, another: 0, none: 0, missing: 0, unreadable: 0, failed: 0 };
  const rows = await options.database.driftPage(organization, after, 500);
  let failures = 0;
  let last = after;
  for (const row of rows) {
    if (performance.now() > until || options.signal.aborted) return { counts, after: last };
    const started = performance.now();
    const system = readMemberSystem(row.member_system);
    if (system.kind !== 'http') throw new Failure('member_system_misconfigured');
    try {
      const report = compare(row, await readLive(row, system, options), options.indexer);
      counts[report.found] += 1;
      failures = 0;
      // Most agree; the database hears only of what is news.
      if (report.found !== 'same' || row.has_case) await options.database.reportDrift(report);
    } catch (error) {
      if (!(error instanceof Failure) || error.isOfDatabase) throw error;
      counts.failed += 1;
      failures += 1;
      if (failures >= enough) throw error;
    }
    last = row.member_id;
    await keepPace(system.ratePerSecond, started);
  }
  return { counts, after: rows.length === 0 ? null : last };
}

/** Reads count as requests; at most half of the row's rate is used for them. */
async function keepPace(rate: number | null, started: number): Promise<void> {
  if (rate !== null) await pause(Math.max(0, 2_000 / rate - (performance.now() - started)));
}
