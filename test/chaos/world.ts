import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '../../db/migrate.ts';
import { findFreePort } from '../../local/free-port.ts';
import { createKeys, type LocalKeys } from '../../local/keys.ts';
import { LOGIN_ROLES, type LoginRole, prepareLoginRoles } from '../../local/login-roles.ts';
import { seed } from '../../local/sample-data/seed.ts';
import { withClient } from '../../local/stack/database.ts';
import { describePrograms, issuersAt, localUrl } from '../../local/stack/programs.ts';
import { createSecrets } from '../../local/stack/secrets.ts';
import { type KeptProgram, keepProgram } from './kept-program.ts';
import { type MemberSystems, startMemberSystems } from './member-systems.ts';
import { addMembers, type ChaosMember } from './members.ts';
import { findPgbouncer, startPooler } from './pooler.ts';
import { type Entrance, startProxy } from './proxy.ts';
import type { Chance } from './random.ts';
import { type Server, startServer } from './server.ts';

const NAME = 'chaos';

export interface WorldOptions {
  readonly chance: Chance;
  /** For the programs' logs, which stay. */
  readonly logs: string;
  /** Folder with PostgreSQL's programs. */
  readonly bin: string;
  readonly settings?: Readonly<Record<string, string>>;
  /** Programs reach the database through PgBouncer in transaction mode. */
  readonly pooled: boolean;
}

/** The whole system, with member systems that misbehave. */
export interface World {
  server: Server;
  readonly proxy: Entrance;
  readonly memberSystems: MemberSystems;
  readonly members: readonly ChaosMember[];
  readonly keys: LocalKeys;
  readonly callback: KeptProgram;
  readonly workers: readonly KeptProgram[];
  readonly callbackUrl: string;
  readonly logs: string;
  /** For data; deleted in the end. */
  readonly folder: string;
  /** Connection string of a role, as the programs have it. */
  urlFor(role: LoginRole): string;
  /** A superuser's connection to the server that is the right one now, past everything that is broken. */
  admin<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>;
}

const returnTo = 'http://127.0.0.1:9/return';

function at(url: string, port: number, role: string, password: string): string {
  const own = new URL(url);
  own.port = String(port);
  own.username = role;
  own.password = password;
  own.pathname = `/${NAME}`;
  return own.href;
}

/** Starts everything. @param parts what is started is added here, for the caller to end */
export async function createWorld(options: WorldOptions, parts: AsyncDisposableStack): Promise<World> {
  const { logs } = options;
  mkdirSync(logs, { recursive: true });
  // The servers' own accounts must be able to enter.
  const folder = mkdtempSync(join(os.tmpdir(), 'personnummer-sync-chaos-'));
  chmodSync(folder, 0o711);
  parts.defer(() => rmSync(folder, { recursive: true, force: true }));
  const password = randomBytes(18).toString('hex');
  const started = await startServer({
    ...{ bin: options.bin, dataFolder: join(folder, 'postgres', 'data'), password },
    ...{ logFile: join(logs, 'postgres.log'), settings: options.settings ?? {} },
  });
  const holder = { server: started };
  parts.defer(() => holder.server.kill('SIGQUIT'));
  const admin = async <Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> => {
    const url = new URL(holder.server.url);
    url.pathname = `/${NAME}`;
    const client = new pg.Client({ connectionString: url.href, connectionTimeoutMillis: 3_000, query_timeout: 20_000 });
    // The server is stopped under it now and then; the query says so.
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.query<Row>(sql, values)).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  };

  const passwords = new Map<string, string>(LOGIN_ROLES.map((role) => [role, randomBytes(18).toString('hex')]));
  await withClient(started.url, (client) => client.query(`create database ${NAME}`));
  const ownerUrl = at(started.url, started.port, 'postgres', password);
  await migrate({ databaseUrl: ownerUrl });
  await withClient(ownerUrl, (client) => prepareLoginRoles(client, (role) => passwords.get(role) ?? ''));

  const proxy = await startProxy(started.port);
  parts.use(proxy);
  const entrance = options.pooled ? await pooler(folder, proxy.port, passwords, parts) : proxy.port;
  const urlFor = (role: LoginRole) => at(started.url, entrance, role, passwords.get(role) ?? '');

  const cutWorkers = () =>
    void admin(`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'sync_worker'`).catch(() => []);
  const memberSystems = await startMemberSystems(options.chance, cutWorkers);
  parts.use(memberSystems);
  const names = ['callback', 'postgrest', 'vipps', 'memberSystem', 'workerHealth', 'bankid', 'idporten'] as const;
  const free = await Promise.all(names.map(async (name) => [name, await findFreePort()] as const));
  const ports = { ...(Object.fromEntries(free) as Record<(typeof names)[number], number>), app: 0, postgres: 0 };
  const keys = createKeys();
  const surroundings = { keys, issuers: issuersAt(ports), memberSystemUrl: memberSystems.url, returnTo };
  await withClient(ownerUrl, (client) => seed(client, surroundings));
  await admin(`update sync.member_systems set timeout_ms = 1000, concurrency = 6`);
  const members = await withClient(ownerUrl, (client) => addMembers(client, 80));

  const callbackUrl = localUrl(ports.callback);
  const urls = Object.fromEntries(LOGIN_ROLES.map((role) => [role, urlFor(role)])) as Record<LoginRole, string>;
  const stop = () => Promise.resolve();
  const database = {
    server: { ...started, pid: 0, logFile: '', ended: new Promise<string>(() => undefined), stop },
    stop,
    url: ownerUrl,
    urls,
  };
  const programs = describePrograms({ ports, keys, secrets: createSecrets(callbackUrl), database, logs });
  const described = (name: string) => {
    const found = programs.find((program) => program.name === name);
    if (found === undefined) throw new Error(`no program ${name}`);
    return found;
  };
  const pooled = options.pooled ? { GRAPHILE_PREPARED_STATEMENTS: 'false' } : {};
  const keep = async (...[program]: Parameters<typeof keepProgram>): Promise<KeptProgram> => {
    const kept = await keepProgram({ ...program, readyWithin: 30_000 });
    parts.defer(() => kept.stop());
    return kept;
  };
  await keep(described('identity-provider'));
  const callback = await keep(described('callback'));
  const workers = [];
  for (const nth of [1, 2]) {
    const port = await findFreePort();
    const program = described('worker');
    const environment = { ...program.environment, ...pooled, WORKER_PORT: String(port) };
    const logFile = join(logs, `worker-${nth}.log`);
    workers.push(
      await keep({ ...program, name: `worker ${nth}`, environment, logFile, readyUrl: `${localUrl(port)}/readyz` }),
    );
  }
  return Object.assign(holder, {
    proxy,
    memberSystems,
    members,
    keys,
    callback,
    workers,
    callbackUrl,
    logs,
    folder,
    urlFor,
    admin,
  });
}

async function pooler(folder: string, port: number, users: ReadonlyMap<string, string>, parts: AsyncDisposableStack) {
  const binary = findPgbouncer();
  if (binary === undefined) throw new Error('pgbouncer is not installed');
  const started = await startPooler({ binary, folder: join(folder, 'pgbouncer'), port, users });
  parts.use(started);
  return started.port;
}
