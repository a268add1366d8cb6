import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findServerUser } from '../../../local/server-user.ts';
import { until } from '../../support/until.ts';
import type { DatabaseServer } from '../server.ts';
import { createNetwork } from './network.ts';
import { createNode, type DatabaseNode } from './node.ts';
import { startProxy } from './proxy.ts';

/** Three nodes with Patroni and etcd, and HAProxy before them. */
export interface AvailableCluster extends DatabaseServer {
  readonly nodes: readonly DatabaseNode[];
  /** The node that leads now. */
  primary(): Promise<DatabaseNode>;
  /** One that is allowed to take over. */
  synchronousStandby(): Promise<DatabaseNode>;
  /** Answers when all three follow one leader, and one of them confirms its commits. */
  untilWhole(): Promise<void>;
}

/** Each is a file of a Debian package, which has to be installed. */
const needed = ['/usr/bin/patroni', '/usr/bin/etcd', '/usr/sbin/haproxy', '/usr/lib/postgresql/15/bin/postgres'];

/** Why it cannot run here; undefined: it can. */
export function whyNotAvailable(): string | undefined {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  if (bridgesAreFiltered())
    return 'Docker has kept its firewall, which keeps the nodes apart: iptables -P FORWARD ACCEPT';
  const missing = needed.filter((path) => !existsSync(path));
  return missing.length === 0
    ? undefined
    : `missing: ${missing.join(' ')} (Debian: apt-get install patroni python3-etcd etcd-server haproxy postgresql-15)`;
}

/** Whether what goes from one namespace to another is dropped, as it is where Docker has run, also after it was stopped. */
function bridgesAreFiltered(): boolean {
  const setting = '/proc/sys/net/bridge/bridge-nf-call-iptables';
  if (!existsSync(setting) || readFileSync(setting, 'utf8').trim() !== '1') return false;
  return spawnSync('iptables', ['-S', 'FORWARD'], { encoding: 'utf8' }).stdout?.includes('-P FORWARD DROP') ?? false;
}

/** @param parts what is started is added here, for the caller to end */
export async function startCluster(logs: string, parts: AsyncDisposableStack): Promise<AvailableCluster> {
  const user = findServerUser();
  if (user === undefined) throw new Error('not root');
  const folder = mkdtempSync(join(tmpdir(), 'personnummer-sync-available-'));
  chmodSync(folder, 0o711);
  parts.defer(() => rmSync(folder, { recursive: true, force: true }));
  const sites = await createNetwork(3, parts);
  const password = randomBytes(18).toString('hex');
  const nodes = sites.map((site) => createNode({ site, sites, folder, logs, password, user }));
  for (const node of nodes) await node.start();
  const proxy = await startProxy(sites, join(logs, 'haproxy.log'));
  parts.use(proxy);
  const states = () => Promise.all(nodes.map(async (node) => ({ node, state: await node.state() })));
  const find = async (what: string, matches: (state: Awaited<ReturnType<DatabaseNode['state']>>) => boolean) =>
    await until(what, async () => (await states()).find(({ state }) => matches(state))?.node, 120_000, 200);
  const cluster = {
    nodes,
    port: proxy.port,
    url: `postgres://postgres:${password}@127.0.0.1:${proxy.port}/postgres`,
    primary: () => find('a leader', (state) => state?.role === 'master' && state.state === 'running'),
    synchronousStandby: () => find('a synchronous standby', (state) => state?.sync_standby === true),
    async untilWhole() {
      await until(
        'three nodes, one of them leading and one confirming',
        async () => {
          const all = (await states()).map(({ state }) => state);
          const followers = all.filter(
            (state) => state?.role === 'replica' && state.replication_state !== 'in archive recovery',
          );
          const timelines = new Set(all.map((state) => state?.timeline));
          return (
            all.every((state) => state?.state === 'running') &&
            followers.length === 2 &&
            timelines.size === 1 &&
            all.some((state) => state?.sync_standby === true)
          );
        },
        180_000,
        500,
      );
    },
    async kill() {
      for (const node of nodes) await node.kill();
    },
  };
  await cluster.untilWhole();
  return cluster;
}
