import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from './logger.ts';

/** The server has refused us a moment ago, and is not asked again yet. */
export class SignInPausedError extends Error {
  override readonly name = 'SignInPausedError';
  readonly code = 'database_sign_in_paused';

  constructor() {
    super('the database has refused the user or the password, and is not asked again yet');
  }
}

/**
 * Who may sign in to the database when. A wrong password is not tried again and again: after ten refusals within 150 seconds hosted Supabase shuts
 * out everybody of the project. One for each user of the database in a process, whatever pools it has.
 */
export interface SignIn {
  /**
   * Connects when it is this one's turn.
   *
   * @param user for the log
   * @param signal given up meanwhile
   * @throws {SignInPausedError} without asking the server; or what `connect` throws
   */
  run<Result>(user: string, signal: AbortSignal, connect: () => Promise<Result>): Promise<Result>;
  /** Milliseconds until the server is asked again; 0: nothing is in the way. */
  pausedMs(): number;
}

/** After the first refusal, the second, and any further one (milliseconds). */
const pauses = [60_000, 120_000, 240_000] as const;

/** How many sign in at once, before and after the server has taken the password: all of them may be refused. */
const atOnce = { untried: 1, accepted: 3 };

/** Once the password was accepted: what takes longer than this hangs, and keeps nobody else waiting (milliseconds). */
const turnMs = 1_000;

/** @param now milliseconds, of any beginning */
export function createSignIn(log: Logger, now: () => number = () => performance.now()): SignIn {
  let most = atOnce.untried;
  let underWay = 0;
  let refusals = 0;
  let pausedUntil = Number.NEGATIVE_INFINITY;
  let waiting: (() => void)[] = [];

  const pausedMs = () => Math.max(0, pausedUntil - now());

  /** @returns what ends it */
  async function takeTurn(signal: AbortSignal): Promise<() => void> {
    for (;;) {
      signal.throwIfAborted();
      if (pausedMs() > 0) throw new SignInPausedError();
      if (underWay < most) break;
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
      await promise;
    }
    underWay += 1;
    let over = false;
    const end = () => {
      clearTimeout(timer);
      if (over) return;
      over = true;
      underWay -= 1;
      for (const wake of waiting) wake();
      waiting = [];
    };
    const timer = most === atOnce.accepted ? setTimeout(end, turnMs) : undefined;
    return end;
  }

  function accept(user: string): void {
    if (refusals > 0) log.info({ event: 'database_sign_in_accepted', user }, 'the database accepts the password again');
    refusals = 0;
    most = atOnce.accepted;
  }

  function refuse(user: string, code: string): void {
    // Of those under way together the first one has told.
    if (pausedMs() > 0) return;
    const ms = pauses[Math.min(refusals, pauses.length - 1)] ?? 0;
    refusals += 1;
    most = atOnce.untried;
    pausedUntil = now() + ms;
    if (refusals > 1) return;
    log.error(
      { event: 'database_sign_in_refused', user, code, retry_in_seconds: ms / 1_000 },
      `the database does not accept the user or the password of ${user}: it is asked again in a minute, then less often`,
    );
  }

  return {
    pausedMs,
    async run(user, signal, connect) {
      const endTurn = await takeTurn(signal);
      try {
        const result = await connect();
        accept(user);
        return result;
      } catch (error) {
        if (isRefusal(error)) refuse(user, error.code);
        throw error;
      } finally {
        endTurn();
      }
    },
  };
}

/** invalid_authorization_specification, invalid_password; and what Supabase's pooler says under a code of its own. */
function isRefusal(error: unknown): error is Error & { code: string } {
  if (!(error instanceof pg.DatabaseError)) return false;
  return (
    /^28/.test(error.code ?? '') || (error.code === 'XX000' && /not found|circuit|authentication/i.test(error.message))
  );
}

type Connect = (callback?: (error: Error | null, client?: pg.Client) => void) => Promise<pg.Client> | undefined;

/** Clients for a pool, each of which waits for its turn before it connects. */
export function clientsThat(signIn: SignIn): new (config?: pg.ClientConfig) => pg.Client {
  return class extends pg.Client {
    constructor(config?: pg.ClientConfig) {
      super(config);
      // A pool listens only when it hears that the client is connected, which is a moment later than it is. A connection that breaks
      // just then would end the process; so whoever uses it hears of it from the failing query.
      this.on('error', () => undefined);
      const connect = this.connect.bind(this) as () => Promise<pg.Client>;
      // A pool that has waited long enough destroys the socket, also of a client that has not begun.
      const givenUp = new AbortController();
      const { stream } = (this as unknown as { connection: { stream: Socket } }).connection;
      stream.once('close', () => givenUp.abort());
      const own: Connect = (callback) => {
        const connected = signIn.run(this.user ?? '', givenUp.signal, connect);
        if (callback === undefined) return connected;
        connected.then(
          (client) => callback(null, client),
          (error: Error) => callback(error),
        );
        return undefined;
      };
      this.connect = own as typeof this.connect;
    }
  };
}

/**
 * What a program asks of the database before it begins: while the password is refused it waits, instead of ending and being started again at once.
 *
 * @param wait how long in milliseconds; a test has a clock of its own
 * @throws what `ask` throws for any other reason
 */
export async function askWhenAccepted<Result>(
  signIn: SignIn,
  ask: () => Promise<Result>,
  wait: (milliseconds: number) => Promise<unknown> = pause,
): Promise<Result> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const ms = signIn.pausedMs();
      if (ms === 0) throw error;
      await wait(ms);
    }
  }
}
