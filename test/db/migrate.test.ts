import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import pg from 'pg';
import { test } from 'vitest';
import { readObjects } from '../../db/catalog.ts';
import { migrate } from '../../db/migrate.ts';
import type { RunningPostgres } from '../../local/postgres.ts';
import { availableVersions } from '../../local/postgres-binaries.ts';
import { withCluster } from '../support/own-cluster.ts';

async function query<T extends pg.QueryResultRow>(url: string, sql: string, parameters: unknown[] = []) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<T>(sql, parameters)).rows;
  } finally {
    await client.end();
  }
}

async function definitions(url: string) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await readObjects(client);
  } finally {
    await client.end();
  }
}

/** A role as on Supabase: no superuser, but may create roles, and owns its database. */
async function createOwner(server: RunningPostgres, name: string): Promise<string> {
  const url = new URL(server.url);
  await query(server.url, `create role ${name} login createrole password 'local'`);
  await query(server.url, `create database ${name} owner ${name}`);
  Object.assign(url, { username: name, password: 'local', pathname: `/${name}` });
  return url.href;
}

// One cluster for both: the roles, which belong to the cluster, are made by the role that may least.
for (const version of availableVersions()) {
  test(`PostgreSQL ${version}: a role that is no superuser but may create roles can migrate, and log in works; a superuser afterwards, too`, () =>
    withCluster(version, async (server) => {
      const url = await createOwner(server, 'migrator');
      await migrate({ databaseUrl: url });
      await migrate({ databaseUrl: url });
      assert.deepEqual(await query(url, 'select rolsuper from pg_roles where rolname = current_user'), [
        { rolsuper: false },
      ]);
      await query(
        url,
        `begin; insert into registry.organizations (slug, name) values ('nhf', 'NHF');
        insert into registry.identity_providers (organization_id, provider, issuer, client_id, token_endpoint_auth_method)
          select id, 'vipps', 'https://provider.example/', 'client', 'none' from registry.organizations;
        insert into registry.members (organization_id, external_id, phone, email)
          select id, '1', '+4790000001', 'kari@example.org' from registry.organizations;
        update registry.organizations set capture_basis = 'x', capture_necessity = 'x', capture_decided_by = 'x', capture_decided_at = now(),
          retention = '1 year';
        commit`,
      );
      const callback = new URL(url);
      await query(url, `alter role auth_callback password 'local'`);
      callback.username = 'auth_callback';
      const answer = await query<{ outcome: string }>(
        callback.href,
        `select outcome from login.record_observation(gen_random_uuid(), 'nhf', 'vipps', 'https://provider.example/', 's', now(),
           'v1.index', 'sealed', '018150*****', phone => '+4790000001', phone_verified => true, email => 'kari@example.org', email_verified => true)`,
      );
      assert.deepEqual(answer, [{ outcome: 'filled' }]);

      // An empty database; a second time nothing happens.
      await migrate({ databaseUrl: server.url });
      const before = await definitions(server.url);
      assert.ok(before.length > 40);
      const lines: string[] = [];
      await migrate({ databaseUrl: server.url, log: (line) => lines.push(line) });
      assert.deepEqual(
        lines.filter((line) => line.startsWith('Applied')),
        [],
      );
      assert.deepEqual(await definitions(server.url), before);
    }));
}

test('killed half-way, at any moment, and run again: the same database as if nothing had happened', () =>
  withCluster(18, async (server) => {
    const database = async (name: string) => {
      await query(server.url, `create database ${name}`);
      return Object.assign(new URL(server.url), { pathname: `/${name}` }).href;
    };
    const whole = await database('whole');
    const wholeTime = await runAndKill(whole);
    const expected = await definitions(whole);
    for (const percent of [2, 15, 35, 55, 75, 90]) {
      const url = await database(`killed_${percent}`);
      await runAndKill(url, (wholeTime * percent) / 100);
      await migrate({ databaseUrl: url });
      assert.deepEqual(await definitions(url), expected, `killed after ${percent} % of the time`);
    }
  }));

/**
 * Starts the command and kills it, with everything it started, some time after it has connected.
 *
 * @param afterMs never, unless told
 * @returns how long it ran from there on, in ms
 */
async function runAndKill(url: string, afterMs?: number): Promise<number> {
  const child = spawn(process.execPath, ['db/migrate.ts'], {
    cwd: join(import.meta.dirname, '../..'),
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'] as const,
    env: { ...process.env, DATABASE_URL: url },
  });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const connected = performance.now();
  const kill =
    afterMs === undefined ? undefined : setTimeout(() => process.kill(-(child.pid as number), 'SIGKILL'), afterMs);
  await ended;
  clearTimeout(kill);
  return performance.now() - connected;
}

test('three at once: one migrates, the others find it done', () =>
  withCluster(18, async (server) => {
    await Promise.all(Array.from({ length: 3 }, () => migrate({ databaseUrl: server.url })));
    assert.ok((await definitions(server.url)).length > 40);
  }));

async function runCommand(databaseUrl: string) {
  const child = spawn(process.execPath, ['db/migrate.ts'], {
    cwd: join(import.meta.dirname, '../..'),
    env: { ...process.env, DATABASE_URL: databaseUrl },
  });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  return { code, said };
}

test('what fails is said in one line', () =>
  withCluster(18, async (server) => {
    await migrate({ databaseUrl: server.url });
    const cases: [string, RegExp][] = [
      ['', /^migrate: configuration_invalid: the configuration has faults: DATABASE_URL is missing: postgres:.*\n$/],
      [
        'postgres://nobody@db.example/x',
        /^migrate: .*DATABASE_URL is a database on another machine without verified TLS: .*\n$/,
      ],
      ['postgres://nobody@127.0.0.1:1/x', /^migrate: connect ECONNREFUSED 127.0.0.1:1\n$/],
      ['postgres://nobody@localhost:1/x', /^migrate: connect ECONNREFUSED .*\n$/],
      [
        await createOwner(server, 'another'),
        /^migrate: Memberships are missing that another may not grant\. .* runs: grant registry_owner to another with admin option; .*\n$/,
      ],
    ];
    for (const [url, line] of cases) {
      const { code, said } = await runCommand(url);
      assert.match(said, line);
      assert.equal(code, 1);
    }
  }));
