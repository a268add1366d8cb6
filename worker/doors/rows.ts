// What goes into the database's doors and comes out of them, row by row.

/** A push that this worker holds, as `worker.claim_push` hands it out. */
export interface PushClaim {
  /** bigint as text: it must not pass through a JavaScript number. */
  readonly fencing_token: string;
  readonly attempt: number;
  readonly organization_id: string;
  readonly organization: string;
  readonly member_id: string;
  readonly external_id: string | null;
  /** Null together with the index: the number is to be removed over there. */
  readonly personnummer_sealed: string | null;
  readonly personnummer_index: string | null;
  /** The organisation's row of `sync.member_systems` as JSON; judged by `readMemberSystem`. */
  readonly member_system: unknown;
  /** Length of the lease that has begun, in milliseconds. */
  readonly lease_ms: number;
  /** Pause before sending that the organisation's rate asks for, in milliseconds. */
  readonly delay_ms: number;
  /** Where the member system, which has taken the change in before, says how it went. */
  readonly status_url: string | null;
  /** It has had its time to carry the change out. */
  readonly overdue: boolean;
  /** When the change was made, RFC 3339 in UTC with microseconds. */
  readonly made_at: string;
}

/** A push that cannot be begun now, for a reason that is no failure; it has a job again. */
export interface PushWaits {
  readonly waits_for: 'member_busy' | 'breaker_open' | 'rate_used_up' | 'no_slot';
  /** When it makes sense to look again, in milliseconds. */
  readonly wait_ms: number;
}

/** Whether a claim brought no push, but the reason to wait. */
export function mustWait(claim: PushClaim | PushWaits): claim is PushWaits {
  return 'waits_for' in claim && claim.waits_for !== null;
}

/** How one attempt ended. */
export interface PushResult {
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
}

/** A push that was claimed together with the report on another one. */
export interface NextPush extends PushClaim {
  readonly push_id: string;
  readonly worker_id: string;
}

/** What became of a report. */
export interface Finished {
  /** The new state of the push, or null when another worker has taken it over meanwhile. */
  readonly state: string | null;
  readonly next: NextPush | null;
}

/** What the database says to a sign of life. */
export interface BeatAnswer {
  /** Pushes that another worker has taken over, or that are settled. */
  readonly lost: string[];
  /** Flags of jobs that must not be fetched: their organisation's breaker is open. */
  readonly forbidden_flags: string[];
}

/** One change for a file, with the file it is for. */
export interface FileRow {
  readonly file_id: string;
  readonly organization_id: string;
  readonly organization: string;
  readonly receiver_key: unknown;
  readonly push_id: string;
  readonly external_id: string | null;
  readonly personnummer_sealed: string | null;
  readonly personnummer_index: string | null;
}

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
export interface OrganizationMetrics {
  readonly organization: string;
  readonly waiting: number;
  readonly sending: number;
  readonly oldest_waiting_seconds: number;
  readonly refused: number;
  readonly given_up: number;
  readonly breaker: 'closed' | 'open' | 'half_open';
  /** Taken in by the member system (202), in a file, or on the worklist, and not yet carried out. */
  readonly accepted: number;
  /** Logins whose decision was put off. */
  readonly deferred: number;
  readonly oldest_deferred_seconds: number;
  /** Changes that wait for an open case about their number. */
  readonly disputed: number;
}

/** What `worker.reconcile` put back into the queue. */
export interface Reconciled {
  readonly what: string;
  readonly queued: number;
}

/** A record to compare with the member system. */
export interface DriftRow {
  readonly member_id: string;
  readonly organization_id: string;
  readonly external_id: string;
  readonly personnummer_index: string | null;
  /** Whether anything was sent, and if so by which index. */
  readonly sent: boolean;
  readonly sent_index: string | null;
  /** A difference was found before and is an open case. */
  readonly has_case: boolean;
  readonly member_system: unknown;
}

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
