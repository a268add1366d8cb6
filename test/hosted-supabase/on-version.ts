import assert from 'node:assert/strict';
import pg from 'pg';
import { test } from 'vitest';
import { readObjects } from '../../db/catalog.ts';
import { migrate } from '../../db/migrate.ts';
import { availableVersions, type PostgresVersion } from '../../local/postgres-binaries.ts';
import { startHostedPooler } from '../support/hosted-pooler.ts';
import { onHostedSupabase, RESERVED_ROLES } from '../support/hosted-supabase.ts';
import { databaseUrl } from '../support/template.ts';
import { until } from '../support/until.ts';

/** Whose tests run on a database like hosted Supabase's too: who may do what, and who sees what. */
const ELSEWHERE = [
  '../db/privileges.test.ts',
  '../db/lints.test.ts',
  '../db/temporary-objects.test.ts',
  '../api/separation.test.ts',
  '../configuration/configure.test.ts',
  '../key-tools/commands.test.ts',
];

/** The tests of one version of PostgreSQL; hosted Supabase has 15 and 17. */
export async function testOnVersion(version: PostgresVersion): Promise<void> {
  if (!availableVersions().includes(version)) {
    test.skip(`PostgreSQL ${version} is not installed`, () => undefined);
    return;
  }
  const hosted = onHostedSupabase(version);

  test('postgres, who is no superuser there, migrates an empty project, and again: the same database as elsewhere', async () => {
    const { adminUrl, createProject } = hosted();
    const before = await reservedRoles(adminUrl);
    const url = await createProject('project');
    await using postgrest = await listenTo(url, 'pgrst');
    const said: string[] = [];
    await migrate({ databaseUrl: url, log: (line) => said.push(line) });
    await until('PostgREST being told of the change', () => postgrest.heard.includes('reload schema'));
    assert.match(said.join('\n'), /Changes of structure and privileges are not written down: postgres may not/);
    assert.deepEqual(await reservedRoles(adminUrl), before, 'roles of the platform are as they were');

    const first = await objects(url);
    const again: string[] = [];
    await migrate({ databaseUrl: url, log: (line) => again.push(line) });
    assert.deepEqual(
      again.filter((line) => /^(Applied|put right)/.test(line)),
      [],
    );
    assert.deepEqual(await objects(url), first);

    await query(adminUrl, 'create database elsewhere');
    const elsewhere = databaseUrl(adminUrl, 'elsewhere');
    await migrate({ databaseUrl: elsewhere });
    assert.ok(first.length > 40);
    assert.deepEqual(first, await objects(elsewhere));
  });

  test('the pooler in session mode will do, though it drops what is asked for at the start; in transaction mode nothing is begun', async () => {
    const { port, createProject } = hosted();
    await using session = await startHostedPooler(port, { project: 'abcdefgh', mode: 'session' });
    const url = await createProject('pooled');
    await migrate({ databaseUrl: session.urlFor(url) });
    assert.ok((await objects(url)).length > 40);
    await using transaction = await startHostedPooler(port, { project: 'abcdefgh', mode: 'transaction' });
    const untouched = await createProject('untouched');
    await assert.rejects(migrate({ databaseUrl: transaction.urlFor(untouched) }), /a pooler in transaction mode/);
    assert.deepEqual(await objects(untouched), []);
  });

  test('session_replication_role skips no guard of what is never changed', async () => {
    const url = await hosted().createProject('replica');
    await migrate({ databaseUrl: url });
    // The platform's library lets postgres set it; here its superuser does.
    const admin = Object.assign(new URL(url), { username: 'supabase_admin' }).href;
    const attempt = (statement: string) => query(admin, `set session_replication_role = replica; ${statement}`);
    for (const table of ['events', 'leaves', 'checkpoints', 'erasures']) {
      await assert.rejects(attempt(`delete from audit.${table}`), { code: '42501' }, table);
    }
  });

  test('with event triggers of its own, which the platform lets it have, postgres migrates again, and its changes are written down', async () => {
    const { adminUrl, createProject } = hosted();
    const url = await createProject('watched');
    await migrate({ databaseUrl: url });
    // The platform's library creates event triggers as its superuser and gives them to postgres.
    await query(adminUrl, 'alter role postgres superuser');
    try {
      await migrate({ databaseUrl: url });
    } finally {
      await query(adminUrl, 'alter role postgres nosuperuser');
    }
    const said: string[] = [];
    await migrate({ databaseUrl: url, log: (line) => said.push(line) });
    assert.doesNotMatch(said.join('\n'), /not written down/);
    await query(url, 'set role registry_owner; alter table registry.members disable trigger _100_version');
    assert.deepEqual(
      await query(url, 'select login, acting_as, command from structure.changes order by id desc limit 1'),
      [{ login: 'postgres', acting_as: 'registry_owner', command: 'ALTER TABLE' }],
    );
  });

  // A query makes each a module of its own, which the ordinary run of the same file in this process does not share.
  for (const file of ELSEWHERE) await import(`${file}?hosted=${version}`);
}

async function reservedRoles(adminUrl: string) {
  const roles = await query(
    adminUrl,
    `select to_jsonb(r) - 'oid' as role, array(select m.roleid::regrole::text from pg_auth_members m where m.member = r.oid order by 1) as member_of
     from pg_roles r where r.rolname = any ($1) order by r.rolname`,
    [RESERVED_ROLES],
  );
  assert.equal(roles.length, RESERVED_ROLES.length);
  return roles;
}

async function objects(url: string) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await readObjects(client);
  } finally {
    await client.end();
  }
}

async function listenTo(url: string, channel: string) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const heard: string[] = [];
  client.on('notification', ({ payload = '' }) => heard.push(payload));
  await client.query(`listen ${channel}`);
  return { heard, [Symbol.asyncDispose]: () => client.end() };
}

async function query(url: string, sql: string, values?: unknown[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql, values)).rows;
  } finally {
    await client.end();
  }
}
