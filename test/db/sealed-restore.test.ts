import assert from 'node:assert/strict';
import { afterAll, beforeAll, test } from 'vitest';
import { migrate } from '../../db/migrate.ts';
import { prepareLoginRoles } from '../../local/login-roles.ts';
import { availableVersions } from '../../local/postgres-binaries.ts';
import { one } from '../support/acting-callback.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { writeGrantPopulation } from '../support/grant-population.ts';
import { withCluster } from '../support/own-cluster.ts';
import { dump } from '../support/pg-dump.ts';
import { addOrganization } from '../support/samples.ts';
import { addEvents, createTestSealer, horizonPasses, poolOfCluster, verifyTestAudit } from '../support/sealing.ts';
import { connect, onDatabase, restore } from './support/restored.ts';

// Events of every kind of content, most of them sealed, are dumped and restored into each version. There the seal verifies, and goes on, and a report of a grant is the same, byte by byte.

const DETAILS = [
  '{"b": 1.00, "a": [1e2, -0, 12345678901234567890, 0.1e-3], "": null}',
  '{"é": "\\u20ac \\ud83d\\ude02 \\" \\\\ \\n", "aa": {"z": true, "y": []}}',
  '{"a": "1", "B": "2", "å": "3", "_": "4"}',
];
const TIMES = ['2026-03-29 01:59:59.999999+01', '1999-12-31 23:59:59.1+00', '2026-11-29 00:00:00+00'];

let source: TestDatabase;
let text: string;
/** Events that are sealed in it. */
let sealed: number;
/** A report of a grant, as text, and how it is asked for. */
let report: string;
let askReport: (pool: TestDatabase['pool']) => Promise<string>;

beforeAll(async () => {
  source = await createTestDatabase();
  for (const [at, detail] of DETAILS.entries()) {
    await source.pool.query(
      `insert into audit.events (event, source, actor, occurred_at, organization_id, message, detail)
       values ('linked', 'app', 'Kåre', $1, gen_random_uuid(), E'Åse\\nØdegård \\\\ ''', $2)`,
      [TIMES[at], detail],
    );
  }
  const organization = await addOrganization(source);
  await writeGrantPopulation(source.pool, organization, { size: 40, seed: 5, numbers: true });
  await source.pool.query(`select worker.make_grant_snapshot($1, 2025, 'bufdir-disability')`, [organization.slug]);
  const { id } = await one<{ id: string }>(source, 'select id from reporting.snapshots');
  askReport = async (pool) =>
    (await pool.query('select worker.grant_report($1, $2)::text as report', [organization.slug, id])).rows[0].report;
  report = await askReport(source.pool);
  await addEvents(source, 300);
  await horizonPasses(source);
  await (await createTestSealer(source.poolFor('sync_worker'), { batch: 100 })).round();
  sealed = (await one<{ n: number }>(source, 'select count(*)::int as n from audit.leaves')).n;
  await addEvents(source, 5, 'not sealed yet');
  text = await dump(source.ownerUrl);
});
afterAll(() => source[Symbol.asyncDispose]());

for (const version of availableVersions()) {
  test(`a dump restored into PostgreSQL ${version} verifies, and sealing goes on in a new epoch`, () =>
    withCluster(version, async (server) => {
      await using superuser = await connect(server.url);
      await superuser.query('create database restored');
      // Another place, another way to show times and numbers: none of it may matter.
      await superuser.query(`alter database restored set timezone = 'Asia/Kathmandu'`);
      await superuser.query(`alter database restored set datestyle = 'German'`);
      const url = onDatabase(server, 'restored').href;
      const failures = await restore(url, text);
      const harmless = /role "\w+" does not exist|unrecognized configuration parameter/;
      assert.deepEqual(
        failures.filter((failure) => !harmless.test(failure)),
        [],
      );
      await migrate({ databaseUrl: url });
      await prepareLoginRoles(superuser, () => 'local');
      const urlFor = (user: string) => Object.assign(new URL(url), { username: user, password: 'local' }).href;
      const auditor = urlFor('auditor_login');
      const before = await verifyTestAudit(auditor);
      assert.deepEqual([before.findings, before.sealed, before.unsealed], [[], sealed, 5]);

      const pool = poolOfCluster({ connectionString: urlFor('sync_worker') });
      const owner = poolOfCluster({ connectionString: url });
      try {
        const sealer = await createTestSealer(pool);
        assert.equal(await sealer.round(), 5, 'what was not sealed yet has numbers of another cluster');
        await addEvents({ pool: owner }, 3, 'after');
        await horizonPasses({ pool: owner });
        assert.equal(await sealer.round(), 3);
        assert.equal(await askReport(owner), report, 'the same bytes');
        const after = await verifyTestAudit(auditor);
        assert.deepEqual([after.findings, after.sealed, after.unsealed], [[], sealed + 8, 0]);
        const { rows } = await owner.query('select epoch, reason, tree_size::int as n from audit.epochs order by 1');
        assert.deepEqual(rows, [
          { epoch: 1, reason: 'first', n: 0 },
          { epoch: 2, reason: 'other_cluster', n: sealed },
        ]);
        assert.equal((await owner.query('select from audit.events where epoch = 2')).rowCount, 3);
      } finally {
        await Promise.all([pool.end(), owner.end()]);
      }
    }));
}
