import assert from 'node:assert/strict';
import { test } from 'vitest';
import { migrate } from '../../db/migrate.ts';
import { availableVersions } from '../../local/postgres-binaries.ts';
import { withCluster } from '../support/own-cluster.ts';
import { dump } from '../support/pg-dump.ts';
import { sampleNumbers } from '../support/samples.ts';
import { connect, logsIn, onDatabase, query, restore } from './support/restored.ts';

/** What pg_dumpall of 15 writes about our roles; its three grants fail from 16 on, where whoever gave them needs ADMIN OPTION. */
const ROLES_OF_15 = [
  `create role migrator login createrole password 'local'`,
  ...['registry_owner', 'audit_owner', 'queue_owner', 'billing_owner', 'auditor'].map(
    (role) => `create role ${role} nologin`,
  ),
  ...['anon', 'authenticated', 'service_role'].map((role) => `create role ${role} nologin noinherit`),
  ...['auth_callback', 'sync_worker', 'member_importer'].map((role) => `create role ${role} login noinherit`),
  ...['lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout'].map(
    (limit) => `alter role auth_callback set ${limit} = '2s'`,
  ),
];

test('roles of 15 in a cluster of 18: three memberships and two settings are missing, and migrate says how to get them', () =>
  withCluster(availableVersions()[0] ?? 18, async (old) => {
    await using before = await connect(old.url);
    await before.query(`create role migrator login createrole password 'local'`);
    await before.query('create database ours owner migrator');
    const oldUrl = Object.assign(onDatabase(old, 'ours'), { username: 'migrator', password: 'local' }).href;
    await migrate({ databaseUrl: oldUrl });
    const text = await dump(onDatabase(old, 'ours').href);
    await withCluster(18, async (server) => {
      await using superuser = await connect(server.url);
      for (const statement of ROLES_OF_15) await superuser.query(statement);
      await superuser.query('create database ours owner migrator');
      assert.deepEqual(await restore(onDatabase(server, 'ours').href, text), []);
      const url = Object.assign(onDatabase(server, 'ours'), { username: 'migrator', password: 'local' }).href;
      for (const refusal of [/^Memberships are missing .* runs: (.*)$/, /^Settings are missing .* runs: (.*)$/]) {
        const message = await migrate({ databaseUrl: url }).then(
          () => '',
          (error: Error) => error.message,
        );
        const [, statements] = refusal.exec(message) ?? [];
        assert.ok(statements, message);
        await superuser.query(statements);
      }
      await migrate({ databaseUrl: url });
      assert.equal(await logsIn(server, 'ours', sampleNumbers[2]), 'filled');
    });
  }));

test('a restore that lost a table, an index, a column or a function is not called right', () =>
  withCluster(18, async (server) => {
    await migrate({ databaseUrl: server.url });
    const losses: [statements: string, said: RegExp[]][] = [
      ['drop table sync.rates cascade', [/; table sync\.rates[;.]/]],
      [
        `drop index audit.events_member; alter table registry.members drop column phone cascade; drop function worker.beat;
         drop trigger _100_refuse_change on audit.events; alter table registry.members alter email set not null`,
        [
          /index CREATE INDEX events_member ON audit\.events/,
          /column registry\.members\.phone text/,
          /column registry\.members\.email text;/,
          /function worker\.beat\(/,
          /trigger CREATE TRIGGER _100_refuse_change/,
        ],
      ],
    ];
    for (const [at, [statements, said]] of losses.entries()) {
      await query(server.url, `create database broken_${at} template postgres`);
      const url = onDatabase(server, `broken_${at}`).href;
      await query(url, statements);
      const message = await migrate({ databaseUrl: url }).then(
        () => 'nothing was said',
        (error: Error) => error.message,
      );
      for (const words of said) assert.match(message, words, statements);
    }
  }));
