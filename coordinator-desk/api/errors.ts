/** The token is not good any more, or nobody's: whoever it was signs in again. */
export class SessionEndedError extends Error {
  override readonly name = 'SessionEndedError';
  readonly code = 'session_ended';
}

/** Somebody is signed in who is no coordinator, or no longer. */
export class AccessRemovedError extends Error {
  override readonly name = 'AccessRemovedError';
  readonly code = 'access_removed';
}

/** A form of somebody else, who was signed in in this browser when it was opened. */
export class OtherPersonError extends Error {
  override readonly name = 'OtherPersonError';
  readonly code = 'other_person';
}

/** There is no such thing for this coordinator; whether it is somebody else's is not told. */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError';
  readonly code = 'not_found';
}

/** `api` did not answer, or not as it should. `code` is PostgREST's or PostgreSQL's; never a message, which may quote values. */
export class ApiFailedError extends Error {
  override readonly name = 'ApiFailedError';
  readonly code: string;
  readonly status: number;

  constructor(code: string, status: number) {
    super(`api answered ${status} (${code})`);
    this.code = code;
    this.status = status;
  }

  /** The database gave up on a request that took too long (57014), so it says nothing against the next one. */
  get tookTooLong(): boolean {
    return this.code === '57014';
  }
}

/** The callback did not answer, or not as it should. */
export class SignInUnavailableError extends Error {
  override readonly name = 'SignInUnavailableError';
  readonly code = 'sign_in_unavailable';
}
