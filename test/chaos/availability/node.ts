import { spawn } from 'node:child_process';
import { chownSync, closeSync, cpSync, mkdirSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
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

/** What an installation's nodes are set up with, less the watchdog, for which a machine of its own is needed. */
const settings = join(import.meta.dirname, '../../../high-availability/patroni');

export function createNode(options: NodeOptions): DatabaseNode {
  const { site, sites, folder, logs, password, user } = options;
  const own = join(folder, site.name);
  mkdirSync(own, { mode: 0o700, recursive: true });
  chownSync(own, user.uid, user.gid);
  // The server's user may not be able to read a checkout.
  cpSync(settings, join(folder, 'patroni'), { recursive: true });

  function launch(name: string, words: string[], variables: Record<string, string> = {}): void {
    const log = openSync(join(logs, `${site.name}-${name}.log`), 'a', 0o600);
    const asServer = ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'];
    const child = spawn('ip', ['netns', 'exec', site.name, ...asServer, ...words], {
      cwd: own,
      env: { PATH: `${bin}:/usr/bin:/bin`, LANG: 'C.UTF-8', HOME: own, ...variables },
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
      launch('patroni', ['patroni', join(folder, 'patroni')], patroniVariables(site, sites, own, password));
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

function patroniVariables(site: Site, sites: readonly Site[], own: string, password: string) {
  return {
    PATRONI_NAME: site.name,
    PATRONI_ETCD3_HOSTS: sites.map(({ address }) => `${address}:2379`).join(','),
    PATRONI_RESTAPI_CONNECT_ADDRESS: `${site.address}:8008`,
    PATRONI_POSTGRESQL_CONNECT_ADDRESS: `${site.address}:5432`,
    PATRONI_POSTGRESQL_DATA_DIR: join(own, 'data'),
    PATRONI_SUPERUSER_PASSWORD: password,
    PATRONI_REPLICATION_PASSWORD: password,
    PATRONI_REWIND_PASSWORD: password,
    PATRONI_RESTAPI_PASSWORD: password,
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
