import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { findFreePort } from '../../local/free-port.ts';
import { watchOver } from '../../local/orphan-guard.ts';
import { findServerUser } from '../../local/server-user.ts';

const run = promisify(execFile);
const user = findServerUser();

/** Where a database is. */
export interface DatabaseServer {
  readonly port: number;
  /** Superuser's connection string to the database `postgres`. */
  readonly url: string;
  /** SIGQUIT is PostgreSQL's immediate stop, which leaves a crash behind; SIGINT a fast one. Answers when it has ended. */
  kill(signal: 'SIGQUIT' | 'SIGKILL' | 'SIGINT'): Promise<void>;
}

/** A PostgreSQL server that may be treated badly: durable, and started again on the same port. */
export interface Server extends DatabaseServer {
  readonly dataFolder: string;
  start(): Promise<void>;
  /** A streaming replica of this server. @param name as `synchronous_standby_names` calls it */
  replica(dataFolder: string, name: string): Promise<Server>;
  /** Makes a replica a server of its own. */
  promote(): Promise<void>;
}

interface ServerOptions {
  /** Folder with `initdb` and `postgres`. */
  readonly bin: string;
  readonly dataFolder: string;
  readonly logFile: string;
  readonly password: string;
  readonly settings?: Readonly<Record<string, string>>;
}

async function initialise({ bin, dataFolder, password }: ServerOptions): Promise<void> {
  mkdirSync(dataFolder, { mode: 0o700, recursive: true });
  const passwordFile = `${dataFolder}.password`;
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (user !== undefined) for (const path of [dataFolder, passwordFile]) chownSync(path, user.uid, user.gid);
  const words = ['--username=postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256', '--encoding=UTF8'];
  await run(join(bin, 'initdb'), [`--pgdata=${dataFolder}`, ...words, '--locale=C'], { ...user, cwd: dataFolder });
}

async function untilAccepting(url: string): Promise<void> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await pause(50);
    }
  }
}

/** Starts the server's process, and a guard that it does not outlive us. */
function launch({ bin, dataFolder, logFile, settings: own }: ServerOptions, port: number) {
  const settings = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    log_line_prefix: '%m [%p] %u@%d ',
    wal_level: 'replica',
    hot_standby: 'on',
    ...own,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const log = openSync(logFile, 'a', 0o600);
  const stdio = ['ignore', log, log] as ['ignore', number, number];
  const child = spawn(join(bin, 'postgres'), ['-D', dataFolder, ...flags], {
    ...user,
    cwd: dataFolder,
    stdio,
    detached: true,
  });
  closeSync(log);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  return { child, ended, guard: watchOver(child.pid ?? 0) };
}

/** Copies the running server on this port, as a replica of it. @param name as it calls itself there */
async function copyCluster({ bin, password }: ServerOptions, port: number, folder: string, name: string) {
  mkdirSync(dirname(folder), { recursive: true });
  mkdirSync(folder, { mode: 0o700 });
  if (user !== undefined) chownSync(folder, user.uid, user.gid);
  const origin = `host=127.0.0.1 port=${port} user=postgres password=${password} application_name=${name}`;
  await run(join(bin, 'pg_basebackup'), ['-d', origin, '-D', folder, '-R', '-X', 'stream', '-c', 'fast'], {
    ...user,
    cwd: '/',
  });
}

function assemble(options: ServerOptions, port: number): Server {
  const { bin, dataFolder, logFile, password } = options;
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  let launched: ReturnType<typeof launch> | undefined;
  return {
    port,
    url,
    dataFolder,
    async start() {
      launched = launch(options, port);
      await untilAccepting(url);
    },
    async kill(signal) {
      launched?.child.kill(signal);
      await launched?.ended;
      launched?.guard.release();
    },
    async replica(folder, name) {
      await copyCluster(options, port, folder, name);
      // Its own setting must not make it wait for a replica of its own.
      const settings = { ...options.settings, synchronous_standby_names: '' };
      return assemble(
        { ...options, dataFolder: folder, logFile: `${logFile}.replica`, settings },
        await findFreePort(),
      );
    },
    async promote() {
      await run(join(bin, 'pg_ctl'), ['promote', '-D', dataFolder, '-w'], { ...user, cwd: dataFolder });
    },
  };
}

/** What makes a cluster and starts it. @returns for `createWorld` */
export function durableServer(options: { bin: string; logs: string; settings?: Readonly<Record<string, string>> }) {
  const { bin, logs, settings = {} } = options;
  return async (dataFolder: string): Promise<Server> => {
    const password = randomBytes(18).toString('hex');
    const all = { bin, dataFolder, password, logFile: join(logs, 'postgres.log'), settings };
    mkdirSync(dirname(dataFolder), { recursive: true });
    if (user !== undefined) chownSync(dirname(dataFolder), user.uid, user.gid);
    await initialise(all);
    const server = assemble(all, await findFreePort());
    await server.start();
    return server;
  };
}
