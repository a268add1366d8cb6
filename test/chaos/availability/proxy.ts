import { spawn } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { findFreePort } from '../../../local/free-port.ts';
import { watchOver } from '../../../local/orphan-guard.ts';
import type { Site } from './network.ts';

/** HAProxy as docs/high-availability.md has it: one address, which leads to the node that Patroni calls the leader. */
const settings = (port: number, sites: readonly Site[]) => `global
  maxconn 500
defaults
  mode tcp
  timeout connect 3s
  timeout client 30m
  timeout server 30m
  timeout check 2s
  option clitcpka
  option srvtcpka
listen primary
  bind 127.0.0.1:${port}
  option httpchk OPTIONS /primary
  http-check expect status 200
  default-server inter 1s fall 2 rise 1 on-marked-down shutdown-sessions
${sites.map(({ name, address }) => `  server ${name} ${address}:5432 check port 8008`).join('\n')}
`;

export async function startProxy(sites: readonly Site[], configFile: string, logFile: string) {
  const port = await findFreePort();
  writeFileSync(configFile, settings(port, sites));
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn('/usr/sbin/haproxy', ['-db', '-f', configFile], { stdio: ['ignore', log, log], detached: true });
  closeSync(log);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const guard = watchOver(child.pid ?? 0);
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await ended;
      guard.release();
    },
  };
}
