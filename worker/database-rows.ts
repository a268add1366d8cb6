import { z } from 'zod';

// What the functions of schema `worker` give out, and what they take. Rows are checked where they come in: a database of another
// version is found out there (`database_row_unexpected`), and not by a number that goes to the wrong place.

/** A push that this worker holds. */
const pushClaim = z.object({
  push_id: z.string(),
  worker_id: z.string(),
  /** bigint as text: it must not pass through a JavaScript number. */
  fencing_token: z.string(),
  attempt: z.number(),
  organization_id: z.string(),
  organization: z.string(),
  member_id: z.string(),
  external_id: z.string().nullable(),
  /** Null together with the index: the number is to be removed over there. */
  personnummer_sealed: z.string().nullable(),
  personnummer_index: z.string().nullable(),
  /** The organisation's row of `sync.member_systems` as JSON; judged by `readMemberSystem`. */
  member_system: z.unknown(),
  /** Length of the lease that has begun, in milliseconds. */
  lease_ms: z.number(),
  /** Pause before sending that the organisation's rate asks for, in milliseconds. */
  delay_ms: z.number(),
  /** Where the member system, which has taken the change in before, says how it went. */
  status_url: z.string().nullable(),
  /** It has had its time to carry the change out. */
  overdue: z.boolean(),
  /** When the change was made, RFC 3339 in UTC with microseconds. */
  made_at: z.string(),
  /** Of the login that the change comes from, where that was traced (W3C Trace Context). */
  traceparent: z.string().nullable(),
});
export type PushClaim = Readonly<z.infer<typeof pushClaim>>;

/** A push that cannot be begun now, for a reason that is no failure; it has a job again. */
const pushWaits = z.object({
  push_id: z.string(),
  waits_for: z.enum(['member_busy', 'breaker_open', 'rate_used_up', 'no_slot']),
  /** When it makes sense to look again, in milliseconds. */
  wait_ms: z.number(),
});

/** There is nothing to do: the push is delivered, superseded, not due, or held by another worker. */
const pushNeedsNothing = z.object({ push_id: z.string(), fencing_token: z.null(), waits_for: z.null() });

/** What comes of asking for a push. */
export const claimAnswer = z.union([pushClaim, pushWaits, pushNeedsNothing]);
export type ClaimAnswer = Readonly<z.infer<typeof claimAnswer>>;

/** How one attempt ended. */
export interface PushReport {
  readonly push_id: string;
  /** The name under which it was claimed. */
  readonly worker_id: string;
  readonly fencing_token: string;
  readonly result: 'delivered' | 'accepted' | 'retry' | 'rejected';
  readonly http_status: number | null;
  readonly error_code: string | null;
  readonly duration_ms: number;
  /** True when the push is to be given up now. */
  readonly final: boolean;
  /** Seconds the member system asks us to wait. */
  readonly retry_after: number | null;
  readonly status_url: string | null;
  /** The number, sealed for the person who types it in. */
  readonly receiver_sealed: string | null;
  /** Name under which to claim another push of the organisation, if this one was delivered and one is due; null: none. */
  readonly next_worker_id: string | null;
}

/** What became of a report. */
export const finished = z.object({
  push_id: z.string(),
  /** The new state of the push, or null when another worker has taken it over meanwhile. */
  state: z.string().nullable(),
  next: pushClaim.nullable(),
});
export type Finished = Readonly<z.infer<typeof finished>>;

/** What became of an observation whose decision had been put off. */
export const settledObservation = z.object({ outcome: z.string(), traceparent: z.string().nullable() });
export type SettledObservation = Readonly<z.infer<typeof settledObservation>>;

/** An invoice that this worker holds, and what is recorded of the one member who is invoiced. */
const invoiceClaim = z.object({
  invoice_id: z.string(),
  worker_id: z.string(),
  /** bigint as text: it must not pass through a JavaScript number. */
  fencing_token: z.string(),
  attempt: z.number(),
  organization_id: z.string(),
  organization: z.string(),
  member_id: z.string(),
  /** The organisation's row of `billing.issuers` as JSON; judged by `readIssuer`. */
  issuer: z.unknown(),
  invoice: z.object({
    invoice_number: z.string(),
    amount_ore: z.number(),
    due_date: z.string(),
    kid: z.string().nullable(),
    document_reference: z.string().nullable(),
    description: z.string(),
  }),
  /** Its due date has passed. */
  overdue: z.boolean(),
  given_name: z.string().nullable(),
  family_name: z.string().nullable(),
  phone: z.string().nullable(),
  email: z.string().nullable(),
  /** yyyy-mm-dd */
  birth_date: z.string().nullable(),
  personnummer_sealed: z.string().nullable(),
  personnummer_index: z.string().nullable(),
  /** Length of the lease that has begun, in milliseconds. */
  lease_ms: z.number(),
});
export type InvoiceClaim = Readonly<z.infer<typeof invoiceClaim>>;

/** An invoice that cannot be begun now, for a reason that is no failure; it has a job again. */
const invoiceWaits = z.object({
  invoice_id: z.string(),
  waits_for: z.enum(['recipient_busy', 'breaker_open', 'no_slot']),
  /** When it makes sense to look again, in milliseconds. */
  wait_ms: z.number(),
});

/** There is nothing to do: the invoice is settled, not due, held by another worker, or unknown. */
const invoiceNeedsNothing = z.object({
  invoice_id: z.string().nullable(),
  fencing_token: z.null(),
  waits_for: z.null(),
});

/** What comes of asking for an invoice. */
export const invoiceAnswer = z.union([invoiceClaim, invoiceWaits, invoiceNeedsNothing]);
export type InvoiceAnswer = Readonly<z.infer<typeof invoiceAnswer>>;

/** How one attempt at an invoice ended. */
export interface InvoiceReport {
  readonly invoice_id: string;
  /** The name under which it was claimed. */
  readonly worker_id: string;
  readonly fencing_token: string;
  readonly result: string;
  readonly looked_up_by: 'number' | 'contact_data' | null;
  readonly http_status: number | null;
  readonly error_code: string | null;
  /** Seconds the service asks us to wait. */
  readonly retry_after: number | null;
  /** Name under which to claim the recipient's next invoice, if this one was issued and one is due; null: none. */
  readonly next_worker_id: string | null;
}

/** What became of a report: the new state, null when another worker has the invoice; and the claim of the recipient's next one. */
export const finishedInvoice = z.object({ state: z.string().nullable(), next: invoiceClaim.nullable() });
export type FinishedInvoice = Readonly<z.infer<typeof finishedInvoice>>;

/** An organisation's id and its row of `billing.issuers` as JSON; null: it has none. */
export const issuerRow = z.object({ organization_id: z.string(), issuer: z.unknown() });
export type IssuerRow = Readonly<z.infer<typeof issuerRow>>;

/** What the database says to a sign of life. */
export const beatAnswer = z.object({
  /** Pushes that another worker has taken over, or that are settled. */
  lost: z.array(z.string()),
  /** Flags of jobs that must not be fetched: their organisation's breaker is open. */
  forbidden_flags: z.array(z.string()),
});
export type BeatAnswer = Readonly<z.infer<typeof beatAnswer>>;

/** One change for a file, with the file it is for. */
export const fileRow = z.object({
  file_id: z.string(),
  organization_id: z.string(),
  organization: z.string(),
  receiver_key: z.unknown(),
  push_id: z.string(),
  external_id: z.string().nullable(),
  personnummer_sealed: z.string().nullable(),
  personnummer_index: z.string().nullable(),
});
export type FileRow = Readonly<z.infer<typeof fileRow>>;

/** A finished file. */
export interface FileResult {
  readonly file_id: string;
  readonly worker_id: string;
  /** The CSV as a compact JWE; null when there is nothing in it. */
  readonly content: string | null;
  readonly push_ids: string[];
  readonly failed_ids: string[];
  /** Beside each failed id: why. */
  readonly failed_codes: string[];
}

/** How an organisation's changes stand; ages in seconds. */
export const organizationMetrics = z.object({
  organization: z.string(),
  waiting: z.number(),
  sending: z.number(),
  oldest_waiting_seconds: z.number(),
  refused: z.number(),
  given_up: z.number(),
  breaker: z.enum(['closed', 'open', 'half_open']),
  /** Taken in by the member system (202), in a file, or on the worklist, and not yet carried out. */
  accepted: z.number(),
  /** Logins whose decision was put off. */
  deferred: z.number(),
  oldest_deferred_seconds: z.number(),
  /** Changes that wait for an open case about their number. */
  disputed: z.number(),
});
export type OrganizationMetrics = Readonly<z.infer<typeof organizationMetrics>>;

/** A person who was erased, or is to be; it names nobody. */
export const erasure = z.object({
  id: z.string(),
  organization: z.string(),
  organization_name: z.string(),
  state: z.enum(['announced', 'erased']),
  announced_at: z.date(),
  /** When it was written into the ledger; null: none is kept, or not yet. */
  recorded_at: z.date().nullable(),
  erased_at: z.date().nullable(),
  /** Rows, by table; null until it is carried out. */
  counts: z.record(z.string(), z.number()).nullable(),
  /** Whether the member system is told to remove the number: not_needed, queued, delivered. */
  removal: z.string().nullable(),
  has_receipt: z.boolean(),
  /** The person's records: the one that was asked about and those merged with it; digests are hex. */
  records: z.array(z.object({ member_id: z.string(), external_id_digest: z.string() })),
});
export type Erasure = Readonly<z.infer<typeof erasure>>;

/** What `worker.announce_erasure` answers: the erasure, or the code of a refusal, or both where the person was erased before. */
export const announcedErasure = z.object({ erasure_id: z.string().nullable(), refused_as: z.string().nullable() });
export type AnnouncedErasure = Readonly<z.infer<typeof announcedErasure>>;

/** What `worker.reconcile` and `worker.sweep` put back into the queue. */
export const reconciled = z.object({ what: z.string(), queued: z.number() });
export type Reconciled = Readonly<z.infer<typeof reconciled>>;

/** A record to compare with the member system. */
export const driftRow = z.object({
  member_id: z.string(),
  organization_id: z.string(),
  external_id: z.string(),
  personnummer_index: z.string().nullable(),
  /** Whether anything was sent, and if so by which index. */
  sent: z.boolean(),
  sent_index: z.string().nullable(),
  /** A difference was found before and is an open case. */
  has_case: z.boolean(),
  member_system: z.unknown(),
});
export type DriftRow = Readonly<z.infer<typeof driftRow>>;

/** How a record compares. */
export interface DriftReport {
  readonly member_id: string;
  readonly recorded_index: string | null;
  readonly found: string;
  /** Under each version of the index secret; none where no number was read. */
  readonly live_indexes: readonly string[];
  readonly live_masked: string | null;
  readonly as_sent: boolean;
}

/** An organisation's id and its row of `sync.member_systems` as JSON; null: it has none. */
/** A stored number that is to be made anew under other keys; null, null: it needs nothing. */
export const numberToRenew = z.object({
  id: z.string(),
  nth: z.number(),
  organization_id: z.string(),
  personnummer_index: z.string().nullable(),
  personnummer_sealed: z.string().nullable(),
});
export type NumberToRenew = Readonly<z.infer<typeof numberToRenew>>;

/** The same number under other keys. */
export interface Renewal {
  readonly id: string;
  readonly nth: number;
  readonly old_index: string;
  readonly index: string;
  readonly sealed: string;
}

export const memberSystemRow = z.object({ organization_id: z.string(), member_system: z.unknown() });
export type MemberSystemRow = Readonly<z.infer<typeof memberSystemRow>>;

/** A recorded number as it is exported: the worker opens it, and seals it for whoever asks. */
export const exportedNumber = z.object({
  member_id: z.string(),
  organization_id: z.string(),
  personnummer_sealed: z.string(),
  personnummer_index: z.string(),
});
export type ExportedNumber = Readonly<z.infer<typeof exportedNumber>>;

/** What `worker.export_member` answers. */
export const exportedMember = z.object({ export: z.record(z.string(), z.unknown()), numbers: z.array(exportedNumber) });
export type ExportedMember = Readonly<z.infer<typeof exportedMember>>;

const grantRule = z.object({
  code: z.string(),
  title: z.string(),
  document: z.string(),
  required_members: z.number().nullable(),
  required_municipalities: z.number().nullable(),
  required_counties: z.number().nullable(),
  one_suffices: z.boolean(),
});

/** What was counted for a grant, without persons (private.describe_snapshot). */
export const grantReport = z.object({
  snapshot_id: z.string(),
  organization: z.string(),
  organization_name: z.string(),
  base_year: z.number(),
  application_year: z.number(),
  grant_year: z.number(),
  counted_on: z.string(),
  state: z.enum(['draft', 'frozen']),
  corrects: z.string().nullable(),
  made_at: z.string(),
  imported_at: z.string().nullable(),
  frozen_at: z.string().nullable(),
  division: z.string(),
  rule: grantRule,
  records: z.number(),
  counted: z.number(),
  verified: z.number(),
  counties: z.number(),
  municipalities: z.number(),
  probable_duplicates: z.number(),
  open_cases: z.record(z.string(), z.number()),
  meets: z.boolean().nullable(),
  counting_digest: z.string(),
  digest: z.string(),
  figures: z
    .array(
      z.object({
        dimension: z.enum(['county', 'municipality', 'birth_year', 'chapter', 'reason', 'place_problem']),
        key: z.string(),
        name: z.string().nullable(),
        counted: z.number(),
        verified: z.number(),
      }),
    )
    .nullable()
    .transform((figures) => figures ?? []),
});
export type GrantReport = Readonly<z.infer<typeof grantReport>>;

/** A line of a list that is made of it: never a personnummer. */
export const grantRow = z.object({
  nth: z.number(),
  name: z.string().nullable(),
  address: z.string().nullable(),
  county_name: z.string().nullable(),
  birth_year: z.number().nullable(),
  paid_on: z.string().nullable(),
  /** In øre. */
  amount: z.number().nullable(),
  reason: z.string().nullish(),
  erased: z.boolean(),
});
export type GrantRow = Readonly<z.infer<typeof grantRow>>;

/** What `worker.unrecorded_erasures` answers: an erasure as the ledger has it. */
export const unrecordedErasure = z.object({
  id: z.string(),
  organization: z.string(),
  announced_at: z.date(),
  records: z.array(z.object({ member_id: z.string(), external_id_digest: z.string() })),
});
