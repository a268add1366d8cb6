/**
 * Everything that can go wrong in a task, as a fixed code, with what follows from it:
 * `retry` it is tried again with growing pauses (a push by the database, every other job by the queue), `rejected` trying again cannot help
 * and a person must look.
 *
 * Codes are stored (`last_error` of the job, `error_code` of the push), so they carry no URL, body, name or number.
 */
export const failureResults = {
  // An operator may still complete the configuration, so the push waits for it.
  member_system_missing: 'retry',
  secret_missing: 'retry',
  sealing_key_unknown: 'retry',
  index_secret_unknown: 'retry',
  receiver_key_unusable: 'retry',
  // The configuration is there and wrong.
  member_system_misconfigured: 'rejected',
  // The member row cannot be sent as it is.
  external_id_missing: 'rejected',
  external_id_unusable: 'rejected',
  personnummer_in_url: 'rejected',
  sealed_value_broken: 'rejected',
  sealed_value_mismatch: 'rejected',
  // The member system was not reached, or did not answer in time.
  timeout: 'retry',
  connection_failed: 'retry',
  tls_failed: 'retry',
  response_too_large: 'retry',
  address_refused: 'rejected',
  // The member system answered.
  http_408: 'retry',
  http_425: 'retry',
  http_429: 'retry',
  http_5xx: 'retry',
  // Our credentials: the organisation's breaker opens, and a person renews them.
  http_401: 'retry',
  http_403: 'retry',
  http_409: 'rejected',
  http_4xx: 'rejected',
  http_unexpected: 'rejected',
  // It sends us elsewhere, for now or for good: that speaks of the member system, and not of one member.
  redirect_temporary: 'retry',
  redirect_refused: 'retry',
  // It took the change in (202) and said later how it went, or did not.
  status_url_refused: 'rejected',
  status_lost: 'retry',
  acceptance_failed: 'rejected',
  acceptance_expired: 'retry',
  // The token endpoint of the member system. A refused credential is often one that is about to be replaced.
  token_unavailable: 'retry',
  token_refused: 'retry',
  // Invoices. The issuer's row is wrong, or the invoice service does not know the issuer.
  issuer_misconfigured: 'rejected',
  issuer_not_allowed: 'rejected',
  // The invoice service answered with something else than a token, or would not look anybody up with what it was sent.
  issue_token_missing: 'retry',
  look_up_refused: 'rejected',
  // A token is good for a quarter of an hour at most, and asked for a few times a day at most.
  issue_token_expired: 'retry',
  look_ups_used_up: 'retry',
  invoice_overdue: 'rejected',
  // The ledger of erasures (ERASURE_LEDGER): nothing is erased before it stands there.
  erasure_ledger_unreachable: 'retry',
  erasure_ledger_broken: 'retry',
  // The worker and its database.
  worker_stopping: 'retry',
  lease_lost: 'retry',
  task_timeout: 'retry',
  database_failed: 'retry',
  // It answered, and with something else than this worker knows: it is of another version.
  database_row_unexpected: 'retry',
  unexpected_error: 'retry',
  payload_invalid: 'retry',
  observation_deferred: 'retry',
  erasure_unknown: 'retry',
} as const satisfies Record<string, 'retry' | 'rejected'>;

/** One of the fixed codes above. */
export type FailureCode = keyof typeof failureResults;

/** A failure whose whole message is its code, because graphile-worker stores the message of what a task throws. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: FailureCode;

  /**
   * @param code what went wrong
   * @param options `cause` for the log; it is never stored
   */
  constructor(code: FailureCode, options?: ErrorOptions) {
    super(code, options);
    this.code = code;
  }

  /** Whether our own database failed: then there is no use in going on with the next organisation or member. */
  get isOfDatabase(): boolean {
    return this.code === 'database_failed' || this.code === 'database_row_unexpected';
  }

  /** What follows for a push: try again, or give it to a person. */
  get result(): 'retry' | 'rejected' {
    return failureResults[this.code];
  }
}
