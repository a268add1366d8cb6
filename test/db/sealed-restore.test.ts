import assert from 'node:assert/strict';
import { afterAll, beforeAll, test } from 'vitest';
import { migrate } from '../../db/migrate.ts';
import { prepareLoginRoles } from '../../local/login-roles.ts';
import { availableVersions } from '../../local/postgres-binaries.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { withCluster } from '../support/own-cluster.ts';
import { dump } from '../support/pg-dump.ts';
import { addEvents, createTestSealer, horizonPasses, poolOfCluster, verifyTestAudit } from '../support/sealing.ts';
import { connect, onDatabase, restore } from './support/restored.ts';

// Events of every kind of content, most of them sealed, are dumped and restored into each version. There the seal verifies, and goes on.

const DETAILS = [
  '{"b": 1.00, "a": [1e2, -0, 12345678901234567890, 0.1e-3], "": null}',
  '{"é": "\\u20ac \\ud83d\\ude02 \\" \\\\ \\n", "aa": {"z": true, "y": []}}',
  '{"a": "1", "B": "2", "å": "3", "_": "4"}',
];
const TIMES = ['2026-03-29 01:59:59.999999+01', '1999-12-31 23:59:59.1+00', '2026-11-29 00:00:00+00'];

let source: TestDatabase;
let text: string;

beforeAll(async () => {
  source = await createTestDatabase();
  for (const [at, detail] of DETAILS.entries()) {
    await source.pool.query(
      `insert into audit.events (event, source, actor, occurred_at, organization_id, message, detail)
       values ('linked', 'app', 'Kåre', $1, gen_random_uuid(), E'Åse\\nØdegård \\\\ ''', $2)`,
      [TIMES[at], detail],
    );
  }
  await addEvents(source, 300);
  await horizonPasses(source);
  await (await createTestSealer(source.poolFor('sync_worker'), { batch: 100 })).round();
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
      assert.deepEqual([before.findings, before.sealed, before.unsealed], [[], 303, 5]);

      const pool = poolOfCluster({ connectionString: urlFor('sync_worker') });
      const owner = poolOfCluster({ connectionString: url });
      try {
        const sealer = await createTestSealer(pool);
        assert.equal(await sealer.round(), 5, 'what was not sealed yet has numbers of another cluster');
        await addEvents({ pool: owner }, 3, 'after');
        await horizonPasses({ pool: owner });
        assert.equal(await sealer.round(), 3);
        const after = await verifyTestAudit(auditor);
        assert.deepEqual([after.findings, after.sealed, after.unsealed], [[], 311, 0]);
        const { rows } = await owner.query('select epoch, reason, tree_size::int as n from audit.epochs order by 1');
        assert.deepEqual(rows, [
          { epoch: 1, reason: 'first', n: 0 },
          { epoch: 2, reason: 'other_cluster', n: 303 },
        ]);
        assert.equal((await owner.query('select from audit.events where epoch = 2')).rowCount, 3);
      } finally {
        await Promise.all([pool.end(), owner.end()]);
      }
    }));
}
