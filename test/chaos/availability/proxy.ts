import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '../../../local/free-port.ts';
import { watchOver } from '../../../local/orphan-guard.ts';
import { untilListening } from '../until-listening.ts';
import type { Site } from './network.ts';

const settings = join(import.meta.dirname, '../../../high-availability/haproxy.cfg');

/** HAProxy as an installation has it: one address, which leads to the node that Patroni calls the leader. */
export async function startProxy(sites: readonly Site[], logFile: string) {
  const port = await findFreePort();
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn('/usr/sbin/haproxy', ['-db', '-f', settings], {
    env: {
      DATABASE_LISTEN: `127.0.0.1:${port}`,
      ...Object.fromEntries(sites.map(({ address }, at) => [`NODE${at + 1}`, address])),
    },
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const guard = watchOver(child.pid ?? 0);
  await untilListening(child, port, logFile);
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await ended;
      guard.release();
    },
  };
}
