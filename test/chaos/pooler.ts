import { execFileSync, spawn } from 'node:child_process';
import { chownSync, closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '../../local/free-port.ts';
import { watchOver } from '../../local/orphan-guard.ts';
import { findServerUser } from '../../local/server-user.ts';
import { untilListening } from './until-listening.ts';

/** Debian puts it where only root's PATH looks. */
const places = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer', '/usr/local/bin/pgbouncer'];

/** The path of pgbouncer, or undefined where it is not installed (Debian: `apt-get install pgbouncer`). */
export function findPgbouncer(): string | undefined {
  return places.find((path) => {
    try {
      execFileSync(path, ['--version'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
}

export interface PoolerOptions {
  readonly binary: string;
  readonly folder: string;
  /** Where the database is. */
  readonly port: number;
  readonly users: ReadonlyMap<string, string>;
}

/** Starts pgbouncer in transaction mode, and answers when it listens. @returns its port, and how to stop it */
export async function startPooler({ binary, folder, port, users }: PoolerOptions) {
  const user = findServerUser();
  const own = await findFreePort();
  mkdirSync(folder, { recursive: true });
  const userFile = join(folder, 'users.txt');
  const configFile = join(folder, 'pgbouncer.ini');
  const logFile = join(folder, 'pgbouncer.log');
  writeFileSync(userFile, [...users].map(([name, password]) => `"${name}" "${password}"\n`).join(''), { mode: 0o600 });
  writeFileSync(
    configFile,
    `[databases]
* = host=127.0.0.1 port=${port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${userFile}
pool_mode = transaction
default_pool_size = 20
max_client_conn = 500
server_login_retry = 1
ignore_startup_parameters = extra_float_digits,options
`,
    { mode: 0o600 },
  );
  const log = openSync(logFile, 'a', 0o600);
  if (user !== undefined) for (const path of [folder, userFile, configFile]) chownSync(path, user.uid, user.gid);
  const child = spawn(binary, [configFile], { ...user, cwd: folder, stdio: ['ignore', log, log], detached: true });
  closeSync(log);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const guard = watchOver(child.pid ?? 0);
  await untilListening(child, own, logFile);
  return {
    port: own,
    async [Symbol.asyncDispose]() {
      child.kill('SIGQUIT');
      await ended;
      guard.release();
    },
  };
}
