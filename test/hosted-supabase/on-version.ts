import assert from 'node:assert/strict';
import pg from 'pg';
import { test } from 'vitest';
import { readObjects } from '../../db/catalog.ts';
import { migrate } from '../../db/migrate.ts';
import { availableVersions } from '../../local/postgres-binaries.ts';
import { withClient } from '../../local/stack/database.ts';
import { createTestDatabase } from '../support/database.ts';
import { startHostedPooler } from '../support/hosted-pooler.ts';
import { onHostedSupabase, RESERVED_ROLES } from '../support/hosted-supabase.ts';
import { databaseUrl } from '../support/template.ts';
import { until } from '../support/until.ts';

/** Whose tests run on a database like hosted Supabase's too, by version: who may do what, and who sees what. */
const ELSEWHERE: Record<15 | 17, readonly string[]> = {
  15: ['../db/privileges.test.ts', '../api/separation.test.ts'],
  17: [
    '../db/privileges.test.ts',
    '../api/separation.test.ts',
    '../db/lints.test.ts',
    '../db/temporary-objects.test.ts',
  ],
};

/** The tests of one version of PostgreSQL; hosted Supabase has these two. */
export async function testOnVersion(version: 15 | 17): Promise<void> {
  // Versions are optional packages, and not all of them have one for every kind of machine.
  if (!availableVersions().includes(version)) {
    test.skip(`PostgreSQL ${version} is not installed`, () => undefined);
    return;
  }
  const hosted = onHostedSupabase(version);

  test('postgres, who is no superuser there, migrates an empty project through the pooler, and again: the same database as elsewhere', async () => {
    const { adminUrl, port, createProject } = hosted();
    const before = await reservedRoles(adminUrl);
    const url = await createProject('project');
    await using pooler = await startHostedPooler(port, { project: 'abcdefgh', mode: 'session' });
    await using postgrest = await listenTo(url, 'pgrst');
    const said: string[] = [];
    await migrate({ databaseUrl: pooler.urlFor(url), log: (line) => said.push(line) });
    await until('PostgREST being told of the change', () => postgrest.heard.includes('reload schema'));
    // Without the platform's library; with it, see below.
    assert.match(said.join('\n'), /Changes of structure and privileges are not written down: postgres may not/);
    assert.deepEqual(await reservedRoles(adminUrl), before, 'roles of the platform are as they were');

    const first = await withClient(url, readObjects);
    const again: string[] = [];
    await migrate({ databaseUrl: url, log: (line) => again.push(line) });
    assert.deepEqual(
      again.filter((line) => /^(Applied|put right)/.test(line)),
      [],
    );
    assert.deepEqual(await withClient(url, readObjects), first);

    await query(adminUrl, 'create database elsewhere');
    const elsewhere = databaseUrl(adminUrl, 'elsewhere');
    await migrate({ databaseUrl: elsewhere });
    assert.ok(first.length > 40);
    assert.deepEqual(first, await withClient(elsewhere, readObjects));
  });

  test('through the pooler in transaction mode nothing is begun', async () => {
    const { port, createProject } = hosted();
    await using pooler = await startHostedPooler(port, { project: 'abcdefgh', mode: 'transaction' });
    const untouched = await createProject('untouched');
    await assert.rejects(migrate({ databaseUrl: pooler.urlFor(untouched) }), /a pooler in transaction mode/);
    assert.deepEqual(await withClient(untouched, readObjects), []);
  });

  test('with event triggers of its own, which the platform lets it have, postgres migrates again, and its changes are written down', async () => {
    await using db = await createTestDatabase();
    const said: string[] = [];
    await migrate({ databaseUrl: db.migratorUrl, log: (line) => said.push(line) });
    assert.doesNotMatch(said.join('\n'), /not written down/);
    await query(db.migratorUrl, 'set role registry_owner; alter table registry.members disable trigger _100_version');
    assert.deepEqual(
      await query(db.migratorUrl, 'select login, acting_as, command from structure.changes order by id desc limit 1'),
      [{ login: 'postgres', acting_as: 'registry_owner', command: 'ALTER TABLE' }],
    );
  });

  test('session_replication_role skips no guard of what is never changed', async () => {
    await using db = await createTestDatabase();
    // The platform's library lets postgres set it; here its superuser does.
    for (const table of ['events', 'leaves', 'checkpoints', 'erasures']) {
      const attempt = `set session_replication_role = replica; delete from audit.${table}`;
      await assert.rejects(query(db.ownerUrl, attempt), { code: '42501' }, table);
    }
  });

  // A query makes each a module of its own, which the ordinary run of the same file in this process does not share.
  for (const file of ELSEWHERE[version]) await import(`${file}?hosted=${version}`);
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
