/** How long the database may take within one request, all its calls together (milliseconds). */
const databaseBudgetMs = 2500;

/** The database did not answer in the time it had. */
class DatabaseTimeoutError extends Error {
  override readonly name = 'DatabaseTimeoutError';
  readonly code = 'database_timeout';
}

/**
 * The time the database has left in one request. A slow database delays a login by a bounded time, however many calls
 * the login makes.
 */
export class DatabaseBudget {
  #left: number;

  /** @param milliseconds for all calls together */
  constructor(milliseconds: number = databaseBudgetMs) {
    this.#left = milliseconds;
  }

  /**
   * @param call gets the milliseconds it may take at most
   * @throws {DatabaseTimeoutError} when the time is up, whether or not the call has noticed
   */
  async spend<Result>(call: (timeoutMs: number) => Promise<Result>): Promise<Result> {
    const allowed = Math.floor(this.#left);
    if (allowed <= 0) throw new DatabaseTimeoutError();
    const startedAt = performance.now();
    try {
      return await within(allowed, call(allowed));
    } finally {
      this.#left -= performance.now() - startedAt;
    }
  }
}

/** @throws {DatabaseTimeoutError} when the promise has not settled in time; what it comes to later is ignored */
export async function within<Result>(milliseconds: number, promise: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DatabaseTimeoutError()), milliseconds);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
