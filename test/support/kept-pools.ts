import pg from 'pg';
import type { LoginRole } from '../../local/login-roles.ts';

// Nothing of one test may stay in a session for the next one.
const AS_NEW = 'rollback; reset all; reset role; unlisten *; discard temp; select pg_advisory_unlock_all()';

/** The connections to one test database, by role. They outlive a test: starting a session costs more than most tests do in it. */
export class KeptPools {
  readonly owner: pg.Pool;
  readonly #byRole = new Map<LoginRole, pg.Pool>();
  readonly #backends = new Set<number>();
  #broken = false;

  constructor(ownerUrl: string) {
    this.owner = this.#open(ownerUrl);
  }

  of(role: LoginRole, url: string): pg.Pool {
    const known = this.#byRole.get(role);
    if (known !== undefined) return known;
    const made = this.#open(url);
    this.#byRole.set(role, made);
    return made;
  }

  /** Process ids of our own sessions at the server. */
  get backends(): number[] {
    return [...this.#backends];
  }

  /** @returns false where a test still uses a connection, or has broken one */
  async asNew(): Promise<boolean> {
    const pools = this.#all();
    const inUse = pools.some(({ totalCount, idleCount, waitingCount }) => totalCount !== idleCount || waitingCount > 0);
    if (inUse || this.#broken) return false;
    await Promise.all(pools.map((pool) => inOpenSessions(pool, AS_NEW)));
    return true;
  }

  async end(): Promise<void> {
    await Promise.all(this.#all().map((pool) => pool.end()));
  }

  #all(): pg.Pool[] {
    return [this.owner, ...this.#byRole.values()];
  }

  #open(connectionString: string): pg.Pool {
    const pool = new pg.Pool({ connectionString, max: 12, allowExitOnIdle: true });
    pool.on('connect', (client) => this.#backends.add(processId(client)));
    pool.on('remove', (client) => this.#backends.delete(processId(client)));
    // An idle session that a test has ended; the test sees what comes of it, and the next test gets another database.
    pool.on('error', () => {
      this.#broken = true;
    });
    return pool;
  }
}

/** Statements in each session that a pool holds open; none of them may be in use. */
export async function inOpenSessions(pool: pg.Pool, statements: string): Promise<void> {
  const clients = await Promise.all(Array.from({ length: pool.idleCount }, () => pool.connect()));
  try {
    await Promise.all(clients.map((client) => client.query(statements)));
  } finally {
    for (const client of clients) client.release();
  }
}

/** node-postgres has it, its types do not. */
function processId(client: pg.ClientBase): number {
  return (client as unknown as { processID: number }).processID;
}
