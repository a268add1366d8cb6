import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, test } from 'vitest';
import { parseVerifierKey, type Verifier } from '../../audit-seal/note.ts';
import { migrate } from '../../db/migrate.ts';
import { readMigrations } from '../../db/migration-files.ts';
import {
  createInstallation,
  expectSuccess,
  type Installation,
  type InstallationDatabase,
} from '../../local/installation.ts';
import type { LoginRole } from '../../local/login-roles.ts';
import type { RunningProgram } from '../../local/program.ts';
import { logFolder } from '../chaos/support.ts';
import { clusterUrl, rolePassword } from '../support/cluster.ts';
import { documentedMigrations, withMigrations } from '../support/documented-migrations.ts';
import { KeptPools } from '../support/kept-pools.ts';
import { searchDatabase } from '../support/leaks.ts';
import { checkOutRelease, type Release } from '../support/release.ts';
import { verifyTestAudit } from '../support/sealing.ts';
import { until } from '../support/until.ts';

/**
 * An upgrade as an operator makes it: the release before runs, with data in its database, and people log in. Then the present migrations are
 * applied, and after them those that CONTRIBUTING.md shows; the old programs go on, through everything a login can come to. As long as nothing has
 * been released, the last commit stands for the release.
 */
const PRESENT = resolve(import.meta.dirname, '../..');
const [BEFORE, MEANWHILE, AFTER] = ['nhf', 'blindeforbundet', 'hlf'] as const;
const name = `test_upgrade_${randomBytes(4).toString('hex')}`;

const parts = new AsyncDisposableStack();
let release: Release;
let installation: Installation;
let pools: KeptPools;
let callback: RunningProgram;
let worker: RunningProgram;

function urlFor(role?: LoginRole): string {
  const url = Object.assign(new URL(clusterUrl()), { pathname: `/${name}` });
  return role === undefined
    ? url.href
    : Object.assign(url, { username: role, password: rolePassword(clusterUrl(), role) }).href;
}
const database: InstallationDatabase = { url: urlFor(), urlFor };

async function rows<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
  return (await pools.owner.query<Row>(text, values)).rows;
}

beforeAll(async () => {
  release = await checkOutRelease();
  parts.defer(() => rm(dirname(release.folder), { recursive: true, force: true }));
  const maintenance = new pg.Client({ connectionString: clusterUrl() });
  await maintenance.connect();
  await maintenance.query(`create database ${name}`);
  parts.defer(async () => {
    await maintenance.query(`drop database ${name} with (force)`);
    await maintenance.end();
  });
  pools = new KeptPools(database.url);
  parts.defer(() => pools.end());
  installation = await createInstallation({ folder: logFolder('upgrade') }, parts);
  await expectSuccess(installation.run(release.folder, 'db/migrate.ts', [], { DATABASE_URL: database.url }));
  await installation.setUp(release.folder, database);
  callback = await installation.startCallback(release.folder, database);
  worker = await installation.startWorker(release.folder, database);
});

afterAll(() => parts.disposeAsync());

/** Everybody of an organisation logs in for the first time. @returns person → outcome */
async function everybodyLogsIn(organization: string) {
  const seen: Record<string, string> = {};
  const expected: Record<string, string> = {};
  for (const { person, expected: outcome } of installation.people.get(organization) ?? []) {
    await installation.logIn(person);
    const [row] = await rows<{ outcome: string }>(
      'select outcome from registry.observations order by received_at desc, id desc limit 1',
    );
    seen[person.id] = row?.outcome ?? 'nothing';
    expected[person.id] = outcome;
  }
  assert.deepEqual(seen, expected);
}

const isDelivered = (organization: string, count: number) =>
  until(
    `${count} numbers at the member system`,
    () => installation.memberSystem.organization(organization).members.effects() === count,
  );

/** Members of an organisation whose number has to be carried, before any decision. */
const filledOf = (organization: string) =>
  (installation.people.get(organization) ?? []).filter(({ expected }) => expected === 'filled').length;

const MEMBERS = `select md5(string_agg(m.id::text || m.external_id || coalesce(m.personnummer_index, '') || coalesce(m.personnummer_sealed, ''), ',' order by m.id)) as digest,
  count(*)::int as n from registry.members as m where m.organization_id = (select id from registry.organizations where slug = $1)`;

test('the release with its own database: logins, a decision, deliveries', async () => {
  await everybodyLogsIn(BEFORE);
  const externalId = await installation.settleConflict(database, BEFORE);
  await isDelivered(BEFORE, filledOf(BEFORE) + 1);
  assert.ok(installation.memberSystem.organization(BEFORE).members.find(externalId)?.personnummer);
});

test('the present migrations are applied while people log in and a delivery waits: nobody is refused, and nothing of theirs is changed', async () => {
  // What is decided now is delivered after the upgrade.
  installation.memberSystem.organization(MEANWHILE).setMode('down');
  await everybodyLogsIn(MEANWHILE);
  const before = await rows(MEMBERS, [BEFORE]);

  const known =
    installation.people.get(BEFORE)?.filter(({ expected }) => ['filled', 'confirmed'].includes(expected)) ?? [];
  let migrated = false;
  let logins = 0;
  const refused: unknown[] = [];
  const loggingIn = known.map(async ({ person }) => {
    while (!migrated) {
      const result = await installation.logIn(person);
      logins += 1;
      if (result.status !== 'logged_in') refused.push(result);
      await pause(50); // people, not a load test
    }
  });
  const lines: string[] = [];
  const begun = new Date();
  await migrate({
    databaseUrl: database.url,
    migrationsFolder: withMigrations(...documentedMigrations()),
    log: (line) => lines.push(line),
  }).finally(() => {
    migrated = true;
  });
  await Promise.all(loggingIn);

  assert.equal(lines.filter((line) => line.startsWith('Applied: 2099')).length, 6, lines.join('\n'));
  assert.ok(logins >= known.length, `${logins} logins`);
  assert.deepEqual(refused, []);
  const kept = await rows(
    'select outcome from registry.observations where received_at >= $1 and outcome is distinct from $2',
    [begun, 'confirmed'],
  );
  assert.deepEqual(kept, []);
  assert.deepEqual(await rows(MEMBERS, [BEFORE]), before);
});

test('the old programs on the new tables: what waited is delivered, and logins, decisions and deliveries go on', async () => {
  installation.memberSystem.organization(MEANWHILE).setMode('ok');
  await isDelivered(MEANWHILE, filledOf(MEANWHILE));
  await everybodyLogsIn(AFTER);
  const externalId = await installation.settleConflict(database, AFTER);
  await isDelivered(AFTER, filledOf(AFTER) + 1);
  assert.ok(installation.memberSystem.organization(AFTER).members.find(externalId)?.personnummer);
});

test('then the present programs, one after the other, on the same database', async () => {
  await callback.stop();
  callback = await installation.startCallback(PRESENT, database);
  const [filled] = (installation.people.get(AFTER) ?? []).filter(({ expected }) => expected === 'filled');
  assert.ok(filled);
  assert.equal((await installation.logIn(filled.person)).status, 'logged_in');
  await worker.stop();
  worker = await installation.startWorker(PRESENT, database);
  const applied = await rows<{ version: string }>(
    `select version from migrations.schema_migrations where version < '2099' order by 1`,
  );
  assert.deepEqual(
    applied,
    (await readMigrations()).map(({ version }) => ({ version })),
  );
});

test('the audit is whole, sealed by workers of both versions, and no number stands anywhere', async () => {
  const verifiers = [parseVerifierKey(installation.keys.AUDIT_VERIFIER_KEYS) as Verifier];
  await until('everything sealed', async () => {
    const [row] = await rows<{ done: boolean }>(
      'select (select count(*) from audit.events) = (select max(tree_size) from audit.checkpoints) as done',
    );
    return row?.done;
  });
  assert.deepEqual((await verifyTestAudit(urlFor('auditor_login'), { verifiers })).findings, []);
  assert.deepEqual(await searchDatabase(database.url), []);
});
