import { spawn } from 'node:child_process';
import { chownSync, closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { ServerUser } from '../../../local/server-user.ts';
import { until } from '../../support/until.ts';
import { kill, type Site } from './network.ts';

/** Debian's packages `patroni`, `etcd-server`, `python3-etcd` and `postgresql-15`. */
const bin = '/usr/lib/postgresql/15/bin';

/** A database node: etcd, Patroni, and the PostgreSQL that Patroni starts. */
export interface DatabaseNode {
  readonly site: Site;
  start(): Promise<void>;
  /** The power is gone: etcd, Patroni and PostgreSQL at once. */
  kill(): Promise<void>;
  /** PostgreSQL alone crashes. */
  killPostgres(): Promise<void>;
  /** Nothing runs there, and nothing has ended. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** What Patroni says of itself; undefined where it does not answer. */
  state(): Promise<PatroniState | undefined>;
}

/** Of Patroni's REST API. */
export interface PatroniState {
  readonly role: string;
  readonly state: string;
  readonly timeline?: number;
  readonly sync_standby?: boolean;
  readonly replication_state?: string;
}

export interface NodeOptions {
  readonly site: Site;
  readonly sites: readonly Site[];
  readonly folder: string;
  readonly logs: string;
  readonly password: string;
  readonly user: ServerUser;
}

/** Settings that lose nothing (docs/high-availability.md); the times are the shortest that Patroni recommends together. */
export const clusterSettings = {
  ttl: 20,
  loop_wait: 5,
  retry_timeout: 5,
  maximum_lag_on_failover: 0,
  synchronous_mode: true,
  synchronous_mode_strict: true,
  failsafe_mode: true,
  check_timeline: true,
  master_stop_timeout: 30,
  postgresql: {
    use_pg_rewind: true,
    parameters: { max_connections: 200, max_prepared_transactions: 0, wal_log_hints: 'on', wal_keep_size: '512MB' },
  },
};

export function createNode(options: NodeOptions): DatabaseNode {
  const { site, sites, folder, logs, password, user } = options;
  const own = join(folder, site.name);
  mkdirSync(own, { mode: 0o700, recursive: true });
  const configFile = join(own, 'patroni.yml');
  writeFileSync(configFile, stringify(patroniSettings(site, sites, own, password)), { mode: 0o600 });
  for (const path of [own, configFile]) chownSync(path, user.uid, user.gid);

  function launch(name: string, words: string[]): void {
    const log = openSync(join(logs, `${site.name}-${name}.log`), 'a', 0o600);
    const asServer = ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'];
    const child = spawn('ip', ['netns', 'exec', site.name, ...asServer, ...words], {
      cwd: own,
      env: { PATH: `${bin}:/usr/bin:/bin`, LANG: 'C.UTF-8', HOME: own },
      stdio: ['ignore', log, log],
      detached: true,
    });
    child.unref();
    closeSync(log);
  }
  const all = async (signal: NodeJS.Signals) => {
    for (const pid of await site.pids()) kill(pid, signal);
  };
  return {
    site,
    async start() {
      launch('etcd', etcdWords(site, sites, own));
      launch('patroni', ['patroni', configFile]);
    },
    async kill() {
      await until(`nothing runs on ${site.name}`, async () => {
        await all('SIGKILL');
        return (await site.pids()).length === 0;
      });
    },
    async killPostgres() {
      const pid = await postmasterPid(own);
      if (pid !== undefined) kill(pid, 'SIGKILL');
    },
    freeze: () => all('SIGSTOP'),
    thaw: () => all('SIGCONT'),
    state: () => askPatroni(site),
  };
}

function etcdWords(site: Site, sites: readonly Site[], own: string): string[] {
  const members = sites.map(({ name, address }) => `${name}=http://${address}:2380`).join(',');
  return [
    'etcd',
    ...['--name', site.name, '--data-dir', join(own, 'etcd'), '--initial-cluster', members],
    ...[
      '--listen-peer-urls',
      `http://${site.address}:2380`,
      '--initial-advertise-peer-urls',
      `http://${site.address}:2380`,
    ],
    ...[
      '--listen-client-urls',
      `http://${site.address}:2379`,
      '--advertise-client-urls',
      `http://${site.address}:2379`,
    ],
    ...['--initial-cluster-state', 'new', '--logger', 'zap', '--log-level', 'warn'],
  ];
}

function patroniSettings(site: Site, sites: readonly Site[], own: string, password: string) {
  const hosts = sites.map(({ address }) => `${address}:2379`);
  return {
    scope: 'personnummer-sync',
    name: site.name,
    log: { level: 'INFO' },
    restapi: { listen: `${site.address}:8008`, connect_address: `${site.address}:8008` },
    etcd3: { hosts },
    bootstrap: { dcs: clusterSettings, initdb: ['data-checksums', { encoding: 'UTF8' }, { locale: 'C' }] },
    postgresql: {
      listen: `${site.address}:5432`,
      connect_address: `${site.address}:5432`,
      data_dir: join(own, 'data'),
      bin_dir: bin,
      pgpass: join(own, 'pgpass'),
      authentication: {
        superuser: { username: 'postgres', password },
        replication: { username: 'replicator', password },
        rewind: { username: 'rewinder', password },
      },
      pg_hba: [
        'local all all scram-sha-256',
        ...['all', 'replication'].map((what) => `host ${what} all 10.211.0.0/24 scram-sha-256`),
      ],
      parameters: { unix_socket_directories: own },
      remove_data_directory_on_rewind_failure: false,
      remove_data_directory_on_diverged_timelines: false,
    },
  };
}

async function postmasterPid(own: string): Promise<number | undefined> {
  const text = await readFile(join(own, 'data', 'postmaster.pid'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : Number(text.split('\n')[0]);
}

async function askPatroni(site: Site): Promise<PatroniState | undefined> {
  try {
    const response = await fetch(`http://${site.address}:8008/patroni`, { signal: AbortSignal.timeout(2_000) });
    return (await response.json()) as PatroniState;
  } catch {
    // Dead, frozen or cut off: that is what the caller wants to know.
    return undefined;
  }
}
