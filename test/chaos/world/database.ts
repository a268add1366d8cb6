import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import pg from 'pg';
import { migrate } from '../../../db/migrate.ts';
import { LOGIN_ROLES, type LoginRole, prepareLoginRoles } from '../../../local/login-roles.ts';
import { withClient } from '../../../local/stack/database.ts';
import { findPgbouncer, startPooler } from '../pooler.ts';
import { type Entrance, startProxy } from '../proxy.ts';
import type { DatabaseServer, Server } from '../server.ts';

const NAME = 'chaos';

export interface DatabaseOptions<Kind extends DatabaseServer> {
  /** For data. */
  readonly folder: string;
  /** @param dataFolder in `folder`, and not there yet */
  startServer(dataFolder: string): Promise<Kind>;
  /** Programs reach the database through PgBouncer in transaction mode. */
  readonly pooled: boolean;
}

/** The database, and the entrance that programs take to it. */
export interface ChaosDatabase<Kind extends DatabaseServer = Server> {
  /** The one that is right now; may be replaced by its replica. */
  server: Kind;
  readonly proxy: Entrance;
  /** A superuser's connection string, past the entrance. */
  readonly ownerUrl: string;
  /** Connection string of a role, as the programs have it. */
  urlFor(role: LoginRole): string;
  /** A superuser's connection to the server that is the right one now, past everything that is broken. */
  admin<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>;
}

/** Starts a server with our schema in it. @param parts what is started is added here, for the caller to end */
export async function startDatabase<Kind extends DatabaseServer>(
  options: DatabaseOptions<Kind>,
  parts: AsyncDisposableStack,
): Promise<ChaosDatabase<Kind>> {
  const { folder } = options;
  const started = await options.startServer(join(folder, 'postgres', 'data'));
  const holder = { server: started };
  parts.defer(() => holder.server.kill('SIGQUIT'));
  const passwords = new Map<string, string>(LOGIN_ROLES.map((role) => [role, newPassword()]));
  await withClient(started.url, (client) => client.query(`create database ${NAME}`));
  const ownerUrl = at(started.url, started.port, 'postgres', new URL(started.url).password);
  await migrate({ databaseUrl: ownerUrl });
  await withClient(ownerUrl, (client) => prepareLoginRoles(client, (role) => passwords.get(role) ?? ''));

  const proxy = await startProxy([started.port]);
  parts.use(proxy);
  const entrance = options.pooled ? await pooler(folder, proxy.port, passwords, parts) : proxy.port;
  return Object.assign(holder, {
    proxy,
    ownerUrl,
    urlFor: (role: LoginRole) => at(started.url, entrance, role, passwords.get(role) ?? ''),
    admin: <Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []) =>
      query<Row>(holder.server.url, sql, values),
  });
}

const newPassword = () => randomBytes(18).toString('hex');

function at(url: string, port: number, role: string, password: string): string {
  const own = new URL(url);
  own.port = String(port);
  own.username = role;
  own.password = password;
  own.pathname = `/${NAME}`;
  return own.href;
}

async function query<Row extends pg.QueryResultRow>(server: string, sql: string, values: unknown[]): Promise<Row[]> {
  const url = new URL(server);
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
}

async function pooler(folder: string, port: number, users: ReadonlyMap<string, string>, parts: AsyncDisposableStack) {
  const binary = findPgbouncer();
  if (binary === undefined) throw new Error('pgbouncer is not installed');
  const started = await startPooler({ binary, folder: join(folder, 'pgbouncer'), port, users });
  parts.use(started);
  return started.port;
}
