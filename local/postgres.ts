import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { createCluster } from './create-cluster.ts';
import { findFreePort } from './free-port.ts';
import { watchOver } from './orphan-guard.ts';
import { findPostgres, type PostgresVersion } from './postgres-binaries.ts';
import { lastLines } from './program.ts';
import { findServerUser, type ServerUser } from './server-user.ts';

const run = promisify(execFile);

export type PostgresOptions = {
  /** Where the cluster lies; made when absent. The folder above it must be ours too: it is made enterable. */
  dataFolder: string;
  /** The server's log, appended to. */
  logFile: string;
  /** The superuser's password; must be the same each time for the same folder. */
  password: string;
  version?: PostgresVersion;
  /** A port to take if it is free; otherwise any free one. */
  port?: number;
  /** A folder around all this, deleted when the server has ended. The cluster then need not survive a crash (`fsync` off). */
  throwaway?: string;
  /** Further settings, e.g. `{ log_statement: 'all' }`. */
  settings?: Record<string, string>;
};

export type RunningPostgres = {
  /** Superuser's connection string to the database `postgres`. */
  url: string;
  port: number;
  pid: number;
  logFile: string;
  /** Resolves, with how it ended, when the server is gone for whatever reason. */
  ended: Promise<string>;
  /** Ends all sessions and stops the server; a throwaway cluster is deleted. */
  stop(): Promise<void>;
};

/**
 * Starts an embedded PostgreSQL on the loopback address and answers when it accepts connections.
 *
 * The server never outlives this process, even when it is killed. Throws an Error that says what the server's log said.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const user = findServerUser();
  const native = await findPostgres(options.version ?? 18, user);
  const dataFolder = resolve(options.dataFolder);
  if (!existsSync(join(dataFolder, 'PG_VERSION'))) await createCluster(native, dataFolder, options.password, user);
  await stopLeftover(dataFolder);
  mkdirSync(dirname(options.logFile), { recursive: true });
  for (let attempt = 1; ; attempt += 1) {
    const port = await findFreePort(attempt === 1 ? options.port : undefined);
    const server = launch(native, dataFolder, port, options, user);
    // From the first moment: we may be stopped while it is still starting.
    const guard = server.pid === undefined ? undefined : watchOver(server.pid, options.throwaway);
    const url = `postgres://postgres:${encodeURIComponent(options.password)}@127.0.0.1:${port}/postgres`;
    const failure = await untilReady(server, url);
    if (failure === undefined) return supervise({ server, guard, url, port }, options);
    guard?.release();
    // Somebody else may have taken the port between our looking and the server's listening.
    if (attempt === 3 || !lastLines(options.logFile).includes('Address already in use')) {
      throw new Error(`PostgreSQL did not start (${failure}); the end of its log:\n${lastLines(options.logFile)}`);
    }
  }
}

/** Stops a server that a killed predecessor of ours left behind on a data folder; does nothing where there is none. */
export async function stopLeftover(dataFolder: string): Promise<void> {
  if (!existsSync(join(dataFolder, 'postmaster.pid'))) return;
  const user = findServerUser();
  const pgCtl = join(await findPostgres(18, user), 'bin', 'pg_ctl');
  // pg_ctl also fails when the pid file is a mere leftover, which a new server clears away by itself.
  await run(pgCtl, ['stop', '-D', dataFolder, '-m', 'fast', '-t', '30'], { ...user, cwd: dataFolder }).catch(
    () => undefined,
  );
}

function launch(native: string, folder: string, port: number, options: PostgresOptions, user: ServerUser | undefined) {
  const settings: Record<string, string> = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    log_destination: 'stderr',
    log_line_prefix: '%m [%p] %u@%d ',
    ...(options.throwaway === undefined ? {} : { fsync: 'off', full_page_writes: 'off' }),
    ...options.settings,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const log = openSync(options.logFile, 'a', 0o600);
  try {
    // Its own process group: Ctrl-C in a terminal must reach the programs that use the database, not the database.
    const stdio = ['ignore', log, log] as ['ignore', number, number];
    const binary = join(native, 'bin', 'postgres');
    return spawn(binary, ['-D', folder, ...flags], { ...user, cwd: folder, stdio, detached: true });
  } finally {
    closeSync(log);
  }
}

/** Undefined when the server answers; otherwise why it will not. */
async function untilReady(server: ChildProcess, url: string): Promise<string | undefined> {
  let failure: string | undefined;
  server.once('error', (error) => {
    failure = error.message;
  });
  server.once('exit', (code, signal) => {
    failure ??= `ended with ${signal ?? `exit code ${code}`}`;
  });
  const deadline = Date.now() + 60_000;
  while (failure === undefined) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
    try {
      await client.connect();
      await client.end();
      return undefined;
    } catch {
      if (Date.now() > deadline) {
        server.kill('SIGKILL');
        return 'no answer within 60 s';
      }
      await pause(25);
    }
  }
  return failure;
}

type Started = { server: ChildProcess; guard: { release(): void } | undefined; url: string; port: number };

function supervise({ server, guard, url, port }: Started, { logFile, throwaway }: PostgresOptions): RunningPostgres {
  const ended = new Promise<string>((done) => {
    server.once('exit', (code, signal) => done(signal ?? `exit code ${code}`));
  });
  server.unref();
  return {
    url,
    port,
    pid: server.pid ?? 0,
    logFile,
    ended,
    async stop() {
      server.ref();
      // SIGINT is PostgreSQL's "fast" shutdown: sessions are ended, data is written.
      server.kill('SIGINT');
      await ended;
      guard?.release();
      if (throwaway !== undefined) rmSync(throwaway, { recursive: true, force: true });
    },
  };
}
