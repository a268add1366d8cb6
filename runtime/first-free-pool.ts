import pg from 'pg';

/** Connections that one pool opens at the same moment: each costs the server a hundred times what a query does. */
const OPENING_AT_ONCE = 3;

/** Who waits for a connection. */
interface Waiter {
  take(client: pg.PoolClient): void;
  fail(error: Error): void;
}

/**
 * A pool whose callers get whichever connection is free first, in the order in which they came.
 *
 * pg's own pool binds a caller that finds none free to the one it opens for it, and lets it wait for that one even when others are given back
 * meanwhile. On a busy server a moment with many callers then lasts for seconds.
 */
export class FirstFreePool extends pg.Pool {
  readonly #max: number;
  readonly #timeoutMs: number;
  readonly #waiting: Waiter[] = [];
  #opening = 0;
  /** Free ones that are on their way to a caller. */
  #onTheirWay = 0;

  constructor(config: pg.PoolConfig & { max: number; connectionTimeoutMillis: number }) {
    super(config);
    this.#max = config.max;
    this.#timeoutMs = config.connectionTimeoutMillis;
    // pg tells of it a moment before the connection is free, and of one that is gone a moment before there is room.
    for (const event of ['release', 'remove'] as const) this.on(event, () => process.nextTick(() => this.#serve()));
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(
    callback: (error: Error | undefined, client: pg.PoolClient | undefined, done: (release?: unknown) => void) => void,
  ): void;
  override connect(
    callback?: (error: Error | undefined, client: pg.PoolClient | undefined, done: (release?: unknown) => void) => void,
  ): Promise<pg.PoolClient> | undefined {
    const given = this.#wait();
    if (callback === undefined) return given;
    given.then(
      (client) => callback(undefined, client, (release) => client.release(release as Error | boolean | undefined)),
      (error: Error) => callback(error, undefined, () => undefined),
    );
    return undefined;
  }

  /** Callers that have no connection yet. */
  get callersWaiting(): number {
    return this.#waiting.length;
  }

  #wait(): Promise<pg.PoolClient> {
    const { promise, resolve, reject } = Promise.withResolvers<pg.PoolClient>();
    const waiter: Waiter = {
      take: (client) => {
        clearTimeout(timer);
        resolve(client);
      },
      fail: (error) => {
        clearTimeout(timer);
        this.#leave(waiter);
        reject(error);
      },
    };
    // The words of pg's own pool.
    const timer = setTimeout(() => waiter.fail(new Error('timeout exceeded when trying to connect')), this.#timeoutMs);
    this.#waiting.push(waiter);
    this.#serve();
    return promise;
  }

  #leave(waiter: Waiter): void {
    const at = this.#waiting.indexOf(waiter);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  #serve(): void {
    const free = Math.min(this.#waiting.length, this.idleCount) - this.#onTheirWay;
    for (let nth = 0; nth < free; nth += 1) void this.#takeFree();
    const room = Math.min(OPENING_AT_ONCE - this.#opening, this.#max - this.totalCount);
    const unserved = this.#waiting.slice(this.#onTheirWay + this.#opening);
    for (const waiter of unserved.slice(0, Math.max(0, room))) void this.#open(waiter);
  }

  /** Brings one that is free. */
  async #takeFree(): Promise<void> {
    this.#onTheirWay += 1;
    const taken = super.connect();
    await this.#bring(taken, this.#waiting[0]).finally(() => {
      this.#onTheirWay -= 1;
    });
    this.#serve();
  }

  /** Opens one because this caller found none; whoever has waited longest gets it. */
  async #open(waiter: Waiter): Promise<void> {
    this.#opening += 1;
    const opened = super.connect();
    await this.#bring(opened, waiter).finally(() => {
      this.#opening -= 1;
    });
    this.#serve();
  }

  /** A connection that cannot be had fails the caller for whom it was asked, unless that one has got another meanwhile. */
  async #bring(connection: Promise<pg.PoolClient>, askedBy: Waiter | undefined): Promise<void> {
    try {
      const client = await connection;
      const first = this.#waiting.shift();
      if (first === undefined) client.release();
      else first.take(client);
    } catch (error) {
      if (askedBy !== undefined && this.#waiting.includes(askedBy)) askedBy.fail(error as Error);
    }
  }
}
