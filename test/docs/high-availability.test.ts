import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { parse } from 'yaml';
import { bareEnvironment } from '../support/bare-environment.ts';
import { blocks, readPage } from './markdown.ts';

interface Service {
  image: string;
  command: string[];
  environment: Record<string, string>;
  networks: string[] | Record<'nodes', { ipv4_address: string }>;
  volumes?: string[];
  depends_on?: string[];
}

interface Compose {
  services: Record<string, Service>;
  networks: Record<string, { ipam: { config: { subnet: string }[] } }>;
  volumes: Record<string, null>;
}

const ROOT = join(import.meta.dirname, '..', '..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
/** As compose reads it, with the variables' defaults. */
const readCompose = (file: string): Compose =>
  parse(
    read(file).replaceAll(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name, kind, rest) => (kind === '-' ? rest : name)),
    { merge: true },
  );

const main = readCompose('docker-compose.yml');
const text = read('high-availability/docker-compose.yml');
const { services, networks, volumes } = readCompose('high-availability/docker-compose.yml');
const haproxy = read('high-availability/haproxy.cfg');
const patroni = parse(read('high-availability/patroni/patroni.yml'));
const page = await readPage('high-availability.md');

const serviceOf = (name: string): Service => services[name] ?? assert.fail(`no service ${name}`);
const addressOf = (name: string): string => {
  const { networks } = serviceOf(name);
  assert.ok('nodes' in networks, `${name} has no address`);
  return networks.nodes.ipv4_address;
};
const kindOf = ({ command }: Service) => command[0];
const namesOf = (kind: string) => Object.keys(services).filter((name) => kindOf(serviceOf(name)) === kind);
const nodes = namesOf('patroni');
const etcd = namesOf('etcd');

/** The names in the block of the page that sets this one. */
function variablesOnPage(name: string): string[] {
  const block = blocks(page, 'ini').find((each) => each.startsWith(`${name}=`)) ?? assert.fail(`no block with ${name}`);
  return [...block.matchAll(/^(\w+)=/gm)].map(([, variable = '']) => variable).toSorted();
}

test('three nodes and three members of etcd, and what each of them names is there', () => {
  assert.deepEqual(
    [nodes, etcd, namesOf('haproxy')],
    [['node1', 'node2', 'node3'], ['etcd1', 'etcd2', 'etcd3'], ['postgres']],
  );
  assert.equal(Object.keys(services).length, 7);
  for (const [name, { depends_on = [], volumes: mounted = [] }] of Object.entries(services)) {
    for (const other of depends_on) assert.ok(services[other], `${name} waits for ${other}`);
    for (const mount of mounted)
      assert.ok((mount.split(':')[0] as string) in volumes, `${name} has the volume ${mount}`);
  }
  const mounts = Object.values(services).flatMap(({ volumes: mounted = [] }) =>
    mounted.map((mount) => mount.split(':')[0]),
  );
  assert.deepEqual(mounts.toSorted(), Object.keys(volumes).toSorted(), 'each volume has one owner');
});

test('every variable of the file is made by create-env.ts, or has its value in .env.example', () => {
  const named = new Set([...text.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name));
  const example = read('.env.example');
  const made = read('local/compose/create-env.ts');
  assert.ok(named.size >= 5);
  for (const name of named) {
    const [, value] = new RegExp(`^${name}=(.*)$`, 'm').exec(example) ?? assert.fail(`${name} is not in .env.example`);
    if (value === '') assert.match(made, new RegExp(`^ {2}${name}: password\\(\\)`, 'm'));
    else
      for (const [, standard] of text.matchAll(new RegExp(`\\$\\{${name}:-([^}]*)\\}`, 'g')))
        assert.equal(standard, value);
  }
});

test('every program of compose reaches the database by the name that HAProxy has here', () => {
  const urls = Object.values(main.services).flatMap(({ environment = {} }) =>
    ['DATABASE_URL', 'PGRST_DB_URI'].flatMap((name) => environment[name] ?? []),
  );
  assert.ok(urls.length >= 8);
  for (const url of urls) assert.match(url, /@postgres\/personnummer_sync$/);
  assert.equal(patroni.bootstrap.post_bootstrap, `psql -c 'create database personnummer_sync'`);
  assert.deepEqual(serviceOf('postgres').networks, ['default', 'nodes']);
});

test('every address is that of the service which is meant', () => {
  const addresses = [...nodes, ...etcd].map(addressOf);
  assert.equal(new Set(addresses).size, 6);
  const subnet = networks.nodes?.ipam.config[0]?.subnet ?? '';
  for (const address of addresses) assert.equal(address.replace(/\d+$/, '0/24'), subnet);
  const proxy = serviceOf('postgres').environment;
  assert.deepEqual([proxy.NODE1, proxy.NODE2, proxy.NODE3], nodes.map(addressOf));
  for (const name of nodes) {
    const { environment } = serviceOf(name);
    assert.equal(environment.PATRONI_NAME, name);
    assert.equal(environment.PATRONI_RESTAPI_CONNECT_ADDRESS, `${addressOf(name)}:8008`);
    assert.equal(environment.PATRONI_POSTGRESQL_CONNECT_ADDRESS, `${addressOf(name)}:5432`);
    assert.equal(environment.PATRONI_ETCD3_HOSTS, etcd.map((each) => `${addressOf(each)}:2379`).join(','));
  }
  const members = etcd.map((name) => `${serviceOf(name).environment.ETCD_NAME}=http://${addressOf(name)}:2380`);
  for (const name of etcd) {
    const { environment } = serviceOf(name);
    assert.equal(environment.ETCD_INITIAL_CLUSTER, members.join(','));
    assert.equal(environment.ETCD_INITIAL_ADVERTISE_PEER_URLS, `http://${addressOf(name)}:2380`);
    assert.equal(environment.ETCD_ADVERTISE_CLIENT_URLS, `http://${addressOf(name)}:2379`);
  }
});

test('containers and machines are told the same things', () => {
  const given = (service: string) => Object.keys(serviceOf(service).environment);
  // Where Debian's own service keeps its data, and what etcdctl is told.
  const members = given('etcd1').filter((name) => !['ETCD_DATA_DIR', 'ETCDCTL_API'].includes(name));
  assert.deepEqual(variablesOnPage('ETCD_NAME'), members.toSorted());
  assert.deepEqual(variablesOnPage('PATRONI_NAME'), given('node1').toSorted());
  const used = [...new Set([...haproxy.matchAll(/"\$\{(\w+)\}/g)].map(([, name = '']) => name))].toSorted();
  assert.deepEqual(variablesOnPage('DATABASE_LISTEN'), used);
  assert.deepEqual(
    given('postgres')
      .filter((name) => name !== 'POSTGRES_PASSWORD')
      .toSorted(),
    used,
  );
});

test('the image has the files that are the settings, and nobody has others', () => {
  const image = read('high-availability/Dockerfile');
  assert.match(image, /^COPY patroni \/etc\/patroni$/m);
  assert.match(image, /^COPY haproxy\.cfg \/etc\/haproxy\/$/m);
  assert.deepEqual(serviceOf('node1').command, ['patroni', '/etc/patroni']);
  assert.deepEqual(serviceOf('postgres').command, ['haproxy', '-db', '-f', '/etc/haproxy/haproxy.cfg']);
  for (const file of ['node.ts', 'proxy.ts', 'cluster.ts'].map((name) => read(`test/chaos/availability/${name}`)))
    assert.doesNotMatch(file, /synchronous_mode|loop_wait|pg_hba|httpchk/);
  assert.doesNotMatch(page, /^(ttl|synchronous_mode|listen primary|backend)\b/m);
});

test('what would lose an acknowledged login is not set, and numbers stay out of the log', () => {
  const { dcs } = patroni.bootstrap;
  assert.deepEqual([dcs.synchronous_mode, dcs.synchronous_mode_strict, dcs.maximum_lag_on_failover], [true, true, 0]);
  assert.ok(
    dcs.loop_wait + 2 * dcs.retry_timeout <= dcs.ttl,
    'Patroni: a leader must be able to fail before its time is up',
  );
  assert.equal(patroni.watchdog.mode, 'required');
  assert.deepEqual(parse(read('high-availability/patroni/without-watchdog.yml')), { watchdog: { mode: 'off' } });
  assert.equal(patroni.postgresql.remove_data_directory_on_rewind_failure, false);
  assert.equal(patroni.postgresql.remove_data_directory_on_diverged_timelines, false);
  const parameters = { ...dcs.postgresql.parameters, ...patroni.postgresql.parameters };
  assert.ok(!('synchronous_commit' in parameters));
  const settings = [...read('SECURITY.md').matchAll(/`(log_\w+) = (\w+)`/g)];
  assert.ok(settings.length >= 3);
  for (const [, name = '', value] of settings) assert.equal(String(parameters[name]), value, name);
});

test('HAProxy takes its file', { skip: !existsSync('/usr/sbin/haproxy') }, () => {
  const variables = { DATABASE_LISTEN: '127.0.0.1:1', NODE1: '127.0.0.2', NODE2: '127.0.0.3', NODE3: '127.0.0.4' };
  const run = (env: Record<string, string>) =>
    spawnSync('/usr/sbin/haproxy', ['-c', '-f', join(ROOT, 'high-availability/haproxy.cfg')], {
      env: { ...bareEnvironment(), ...env },
      encoding: 'utf8',
    });
  const { status, stderr } = run(variables);
  assert.equal(status, 0, stderr);
  assert.notEqual(run({ ...variables, DATABASE_LISTEN: '127.0.0.1:nowhere' }).status, 0);
});
