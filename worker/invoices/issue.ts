import { z } from 'zod';
import type { InvoiceClaim } from '../database-rows.ts';
import { Failure, type FailureCode } from '../failure.ts';
import { failureOfStatus } from '../member-system/classify.ts';
import type { Reading } from '../member-system/send.ts';
import { type OpenNumberOptions, openNumber } from '../sealed-numbers.ts';
import type { InvoiceService } from './invoice-service.ts';
import { IssueToken, type TokenScope } from './issue-token.ts';
import { type Issuer, readIssuer } from './issuer.ts';
import { type LookUp, lookUpsFor } from './look-ups.ts';

/** How one attempt at an invoice ended. */
export interface InvoiceEnd {
  readonly result: 'issued' | 'no_consent' | 'ambiguous' | 'not_enough_data' | 'retry' | 'rejected';
  /** By what the recipient was looked up; null where no look-up was answered. */
  readonly lookedUpBy: LookUp['by'] | null;
  /** Status of the last answer, where there was one. */
  readonly httpStatus: number | null;
  readonly errorCode: FailureCode | null;
  /** Seconds the service asks us to wait. */
  readonly retryAfter: number | null;
  /** For the log. */
  readonly cause?: unknown;
}

/** One attempt, as seen from inside. */
export interface InvoiceAttempt {
  readonly signal: AbortSignal;
  /** Throws `lease_lost` when another worker may have the invoice by now. Asked right before anything leaves. */
  assertHeld(): void;
  /**
   * Writes down that an issue-token is asked for, before it is.
   *
   * @returns false: not today any more; null: the invoice is not held any more
   */
  beginLookUp(by: LookUp['by']): Promise<boolean | null>;
}

/** The token that a run has in its hands: of one recipient and one issuer, shared by the invoices of that run, gone with it. */
export interface Run {
  token: IssueToken | null;
  lookedUpBy: LookUp['by'] | null;
}

export const newRun = (): Run => ({ token: null, lookedUpBy: null });

/** Issues one claimed invoice. It does not throw for anything that is a failure. */
export type Issue = (claim: InvoiceClaim, run: Run, attempt: InvoiceAttempt) => Promise<InvoiceEnd>;

export interface IssueOptions extends OpenNumberOptions {
  readonly service: InvoiceService;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Creates the function that issues: gets an issue-token, right before it is used, and uses it. */
export function createIssue(options: IssueOptions): Issue {
  return async (claim, run, attempt) => {
    try {
      const issuer = readIssuer(claim.issuer);
      if (claim.overdue) throw new Failure('invoice_overdue');
      const scope = scopeOf(claim, issuer);
      if (!run.token?.isFor(scope)) {
        const refused = await getToken(claim, issuer, scope, run, attempt, options);
        if (refused !== null) return refused;
      }
      const { token } = run;
      if (token === null) throw new Failure('issue_token_missing');
      const end = await issueWith(claim, issuer, { token, scope }, attempt, options);
      // Whatever the service had against it: the next attempt asks anew.
      if (end.result !== 'issued') run.token = null;
      return { ...end, lookedUpBy: run.lookedUpBy };
    } catch (error) {
      const failure = error instanceof Failure ? error : new Failure('unexpected_error', { cause: error });
      run.token = null;
      return { ...ended(failure.result, run.lookedUpBy, null), errorCode: failure.code, cause: failure.cause };
    }
  };
}

/** A token is of one issuer and one recipient, and of what that one was looked up with: it is not used for anything else. */
function scopeOf(claim: InvoiceClaim, issuer: Issuer): TokenScope {
  const { member_id, personnummer_index, given_name, family_name, phone, email, birth_date } = claim;
  const recipient = [member_id, personnummer_index, given_name, family_name, phone, email, birth_date];
  return JSON.stringify([issuer.id, issuer.organizationNumber, issuer.baseUrl, ...recipient]);
}

const answer = { v1: z.object({ recipientToken: z.string().min(1) }), v2: z.object({ issueToken: z.string().min(1) }) };

function tokenIn(issuer: Issuer, body: object | null): string {
  const read = answer[issuer.interface].safeParse(body);
  if (!read.success) throw new Failure('issue_token_missing');
  return 'issueToken' in read.data ? read.data.issueToken : read.data.recipientToken;
}

/** Gets a token into the run. @returns how the attempt ended where there is none to be had; null where there is one */
async function getToken(
  claim: InvoiceClaim,
  issuer: Issuer,
  scope: TokenScope,
  run: Run,
  { signal, assertHeld, beginLookUp }: InvoiceAttempt,
  options: IssueOptions,
): Promise<InvoiceEnd | null> {
  const { now = Date.now } = options;
  run.token = null;
  run.lookedUpBy = null;
  const number = (await openNumber(claim, options))?.reveal() ?? null;
  let last: InvoiceEnd | null = ended('not_enough_data', null, null);
  for (const lookUp of lookUpsFor(issuer, claim, number)) {
    const allowed = await beginLookUp(lookUp.by);
    if (allowed === null) throw new Failure('lease_lost');
    if (!allowed) throw new Failure('look_ups_used_up');
    const askedAt = now();
    const reading = await options.service.lookUp(issuer, lookUp, signal, assertHeld);
    run.lookedUpBy = lookUp.by;
    if (reading.status === 200) {
      run.token = new IssueToken(tokenIn(issuer, reading.body), scope, askedAt, now);
      return null;
    }
    last = judgeLookUp(reading, lookUp.by);
    if (last.result !== 'no_consent') return last;
  }
  return last;
}

/** What an answer without a token means. 404 says that there is no active consent, and nothing about whether there is such a person. */
function judgeLookUp({ status, retryAfter }: Reading, by: LookUp['by']): InvoiceEnd {
  if (status === 404) return ended('no_consent', by, status);
  if (status === 409 && by === 'contact_data') return ended('ambiguous', by, status);
  return failed(status === 403 ? 'issuer_not_allowed' : lookUpFailure(status), by, status, retryAfter);
}

function lookUpFailure(status: number): FailureCode {
  const failure = failureOfStatus(status);
  return failure === 'http_4xx' ? 'look_up_refused' : failure;
}

async function issueWith(
  { invoice_id: invoiceId, invoice: content }: InvoiceClaim,
  issuer: Issuer,
  { token, scope }: { readonly token: IssueToken; readonly scope: TokenScope },
  { signal, assertHeld }: InvoiceAttempt,
  { service }: IssueOptions,
): Promise<InvoiceEnd> {
  const { status, retryAfter } = await service.issue(issuer, { invoiceId, content }, signal, () => {
    assertHeld();
    return token.revealFor(scope);
  });
  if (status >= 200 && status < 300) return ended('issued', null, status);
  if (status === 409) return failed('http_409', null, status, retryAfter);
  return failed(status === 403 ? 'issuer_not_allowed' : failureOfStatus(status), null, status, retryAfter);
}

function ended(result: InvoiceEnd['result'], lookedUpBy: LookUp['by'] | null, httpStatus: number | null): InvoiceEnd {
  return { result, lookedUpBy, httpStatus, errorCode: null, retryAfter: null };
}

function failed(
  code: FailureCode,
  lookedUpBy: LookUp['by'] | null,
  httpStatus: number,
  retryAfter: number | null,
): InvoiceEnd {
  return { result: new Failure(code).result, lookedUpBy, httpStatus, errorCode: code, retryAfter };
}
