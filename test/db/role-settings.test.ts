import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { test } from 'vitest';
import { migrate } from '../../db/migrate.ts';
import { withCluster } from '../support/own-cluster.ts';

/** What db/roles.sql sets where nobody has set anything, limits and what else goes with a role: role, setting, value. */
const LIMITS = [
  ['auth_callback', 'lock_timeout', '1s'],
  ['auth_callback', 'statement_timeout', '2500ms'],
  ['auth_callback', 'idle_in_transaction_session_timeout', '10s'],
  ['sync_worker', 'idle_in_transaction_session_timeout', '60s'],
  ['member_importer', 'idle_in_transaction_session_timeout', '60s'],
  ['authenticated', 'statement_timeout', '8s'],
  ['authenticated', 'enable_memoize', 'off'],
] as const;

const SETTINGS = `
  select s.setrole::regrole::text || ' ' || c.setting as setting
  from pg_db_role_setting as s, unnest(s.setconfig) as c(setting)
  where s.setdatabase = 0 and s.setrole::regrole::text = any ($1) order by 1`;

async function withRoles(action: (client: pg.Client, roles: () => Promise<string[]>) => Promise<void>) {
  const sql = await readFile(join(import.meta.dirname, '../../db/roles.sql'), 'utf8');
  await withCluster(18, async (server) => {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    try {
      await action(client, async () => {
        const said: string[] = [];
        const listen = ({ message = '' }) => said.push(message);
        client.on('notice', listen);
        await client.query(sql).finally(() => client.off('notice', listen));
        return said;
      });
    } finally {
      await client.end();
    }
  });
}

test('each time limit is there by itself, whatever else the role already has', () =>
  withRoles(async (client, runRoles) => {
    await runRoles();
    const roles = [...new Set(LIMITS.map(([role]) => role))];
    // Every combination of limits that an operator may have set, and something that is no limit beside them.
    for (let chosen = 0; chosen < 2 ** LIMITS.length; chosen += 1) {
      for (const role of roles)
        await client.query(`alter role ${role} reset all; alter role ${role} set work_mem = '8MB'`);
      const expected = roles.map((role) => `${role} work_mem=8MB`);
      for (const [at, [role, setting, ours]] of LIMITS.entries()) {
        const theirs = (chosen >> at) % 2 === 1;
        const other = ours === 'off' ? 'on' : '7s';
        if (theirs) await client.query(`alter role ${role} set ${setting} = '${other}'`);
        expected.push(`${role} ${setting}=${theirs ? other : ours}`);
      }
      assert.deepEqual(await runRoles(), []);
      const { rows } = await client.query<{ setting: string }>(SETTINGS, [roles]);
      assert.deepEqual(rows.map(({ setting }) => setting).sort(), expected.sort());
    }
  }));

test('a limit of none is kept and told; one that holds in this database only counts', () =>
  withRoles(async (client, runRoles) => {
    await runRoles();
    await client.query(`alter role auth_callback set statement_timeout = 0; alter role auth_callback reset lock_timeout;
      alter role auth_callback in database postgres set lock_timeout = '3s'`);
    assert.deepEqual(await runRoles(), [
      'No limit: somebody has set statement_timeout of role auth_callback to 0. Ours is 2500ms.',
    ]);
    const { rows } = await client.query<{ setting: string }>(SETTINGS, [['auth_callback']]);
    assert.deepEqual(
      rows.map(({ setting }) => setting),
      ['auth_callback idle_in_transaction_session_timeout=10s', 'auth_callback statement_timeout=0'],
    );
  }));

test('a role that was there before us with more than it should have stops the migration, with the statement that mends it', () =>
  withCluster(18, async (server) => {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    try {
      await client.query(
        'create role auth_callback login superuser bypassrls; create role registry_owner login createdb',
      );
      const refused = await migrate({ databaseUrl: server.url }).catch((error: Error) => error.message);
      const statements =
        'alter role auth_callback nosuperuser nobypassrls; alter role registry_owner nocreatedb nologin;';
      assert.equal(refused, `Roles of ours may do more than they should. A superuser runs: ${statements}`);
      await client.query(statements);
      await migrate({ databaseUrl: server.url });
    } finally {
      await client.end();
    }
  }));
