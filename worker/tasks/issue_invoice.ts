import type { JobHelpers, Task } from 'graphile-worker';
import type { Logger } from '../../runtime/logger.ts';
import { flagOf, reportPausesMs, stopsIn, tryAgain, workerIdOf } from '../attempts.ts';
import type { WorkerDatabase } from '../database.ts';
import type { InvoiceClaim } from '../database-rows.ts';
import type { Gate } from '../gate.ts';
import { type Issue, newRun, type Run } from '../invoices/issue.ts';
import type { Leases } from '../leases.ts';
import { concurrencyOf } from '../member-system/settings.ts';
import type { Metrics } from '../metrics.ts';
import { readInvoicePayload } from '../payloads.ts';

/** What the task needs. */
export interface IssueInvoiceOptions {
  readonly database: Pick<WorkerDatabase, 'claimInvoice' | 'putBackInvoice' | 'beginLookUp' | 'finishInvoice'>;
  readonly issue: Issue;
  readonly invoiceLeases: Leases;
  readonly gate: Gate;
  readonly metrics: Pick<Metrics, 'invoice'>;
  /** Called when a breaker is open, or may be: which jobs are not to be fetched has to be asked anew. */
  readonly onBreaker: () => Promise<void>;
  readonly log: Logger;
  /** Longest time one attempt may take, in milliseconds. */
  readonly timeoutMs: number;
}

// One run is one recipient's: nobody has more invoices that are due at once.
const mostInARow = 20;

/**
 * Creates the task `issue_invoice`: claims an invoice, gets an issue-token, issues, and records the result; then the recipient's next invoice
 * that is due, with the same token. The job only reminds; the invoice's row decides, as with pushes.
 *
 * @returns the task; what it throws is a `Failure`, its whole message a fixed code
 */
export function createIssueInvoice(options: IssueInvoiceOptions): Task {
  const { database, gate } = options;
  return async (payload, helpers) => {
    const { invoice_id: invoiceId } = readInvoicePayload(payload);
    const flag = flagOf(helpers.job, 'invoices');
    using slot = gate.enter(flag);
    if (slot === null) return await database.putBackInvoice(invoiceId);

    const claimedAt = performance.now();
    const answer = await database.claimInvoice(invoiceId, workerIdOf(helpers));
    if (answer === null) return;
    if ('wait_ms' in answer) {
      if (answer.waits_for !== 'recipient_busy') gate.pause(flag, answer.wait_ms);
      if (answer.waits_for === 'breaker_open') await options.onBreaker();
    } else if (answer.fencing_token !== null) {
      gate.limit(flag, concurrencyOf(answer.issuer));
      await carryOn({ claim: answer, claimedAt }, helpers, options);
    }
  };
}

/** An invoice that this task holds. */
interface Held {
  readonly claim: InvoiceClaim;
  /** From before the claim was sent. */
  readonly claimedAt: number;
}

/** The invoices of one recipient, one after the other. The token lives as long as this call. */
async function carryOn(first: Held, helpers: JobHelpers, options: IssueInvoiceOptions): Promise<void> {
  const run = newRun();
  let held: Held | null = first;
  for (let nth = 1; held !== null; nth += 1) {
    const goesOn: boolean = nth < mostInARow && !helpers.abortSignal?.aborted;
    held = await attempt(held, run, goesOn ? `${first.claim.worker_id}/${nth}` : null, helpers, options);
  }
}

/** Issues and reports. @returns the invoice that was claimed under the name `next` with the report */
async function attempt(
  { claim, claimedAt }: Held,
  run: Run,
  next: string | null,
  { abortSignal }: JobHelpers,
  options: IssueInvoiceOptions,
): Promise<Held | null> {
  const { database, log } = options;
  const { invoice_id: invoiceId, worker_id: workerId, fencing_token: fencingToken, organization } = claim;
  using lease = options.invoiceLeases.hold(invoiceId, fencingToken, claimedAt, claim.lease_ms);
  using stop = stopsIn(options.timeoutMs, abortSignal);
  const end = await options.issue(claim, run, {
    signal: AbortSignal.any([stop.signal, lease.signal]),
    assertHeld: () => lease.assertHeld(),
    beginLookUp: (by) => database.beginLookUp(invoiceId, workerId, fencingToken, by),
  });
  const { result, errorCode, httpStatus, lookedUpBy, retryAfter, cause } = end;
  const reportedAt = performance.now();
  const report = {
    invoice_id: invoiceId,
    worker_id: workerId,
    fencing_token: fencingToken,
    result,
    looked_up_by: lookedUpBy,
    http_status: httpStatus,
    error_code: errorCode,
    retry_after: retryAfter,
    next_worker_id: next,
  };
  const { state, next: claimed } = await tryAgain(
    () => database.finishInvoice(report),
    reportPausesMs,
    (err) => log.debug({ invoiceId, organization, err }, 'report failed, made again'),
  );
  options.metrics.invoice(organization, end);
  const fields = { invoiceId, organization, result, errorCode, httpStatus, state };
  if (errorCode === null) log.info(fields, `invoice ${result}`);
  else log.warn(cause === undefined ? fields : { ...fields, err: cause }, 'invoice not issued');
  if (errorCode !== null) await options.onBreaker();
  return claimed && { claim: claimed, claimedAt: reportedAt };
}
