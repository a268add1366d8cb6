import type pg from 'pg';

/**
 * A commit that no synchronous standby has confirmed. PostgreSQL answers it like any other, with a warning, when somebody cancels the wait
 * for the standby; after a failover it may be lost. So nobody knows what became of it, and that is what its SQLSTATE says (08007,
 * transaction_resolution_unknown).
 */
export class CommitUnconfirmedError extends Error {
  override readonly name = 'CommitUnconfirmedError';
  readonly code = '08007';

  constructor() {
    super('the commit was not confirmed by the standby');
  }
}

type Callback = (error: Error | null, result?: unknown) => void;
type Query = (...parameters: unknown[]) => Promise<unknown> | undefined;

/** Queries of this client fail with a CommitUnconfirmedError where PostgreSQL only warns. */
export function refuseUnconfirmedCommits(client: pg.Client | pg.PoolClient): void {
  let unconfirmed = false;
  // The warning's text is translated and its code belongs to every warning; the name of PostgreSQL's own function is in all versions.
  client.on('notice', ({ routine }) => {
    unconfirmed ||= routine === 'SyncRepWaitForLSN';
  });
  const query = client.query.bind(client) as Query;
  const judge = <Result>(result: Result): Result => {
    if (!unconfirmed) return result;
    unconfirmed = false;
    throw new CommitUnconfirmedError();
  };
  const own: Query = (...parameters) => {
    const callback = parameters.at(-1);
    if (typeof callback !== 'function') return query(...parameters)?.then(judge);
    const judged: Callback = (error, result) => {
      if (error === null || error === undefined) {
        if (!unconfirmed) return (callback as Callback)(error, result);
        unconfirmed = false;
      }
      return (callback as Callback)(error ?? new CommitUnconfirmedError());
    };
    return query(...parameters.slice(0, -1), judged);
  };
  client.query = own as typeof client.query;
}
