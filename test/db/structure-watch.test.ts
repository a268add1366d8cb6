import assert from 'node:assert/strict';
import pg from 'pg';
import { test } from 'vitest';
import { migrate } from '../../db/migrate.ts';
import { withCluster } from '../support/own-cluster.ts';

async function connect(connectionString: string) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

/** What somebody with the migrating role's rights does to change the audit, and what is to be seen of it. */
const FORGERY: [statement: string, command: string, object: RegExp][] = [
  ['alter table audit.events disable trigger _100_refuse_change', 'ALTER TABLE', /^audit\.events$/],
  ['grant update on audit.events to registry_owner', 'GRANT', /^$/],
  [
    'create policy forged on audit.events to registry_owner using (true) with check (true)',
    'CREATE POLICY',
    /forged on audit\.events/,
  ],
  ['drop policy forged on audit.events', 'DROP POLICY', /forged on audit\.events/],
  ['revoke update on audit.events from registry_owner', 'REVOKE', /^$/],
  [
    'create or replace function audit.tg__refuse_change() returns trigger language plpgsql as $$ begin return new; end $$',
    'CREATE FUNCTION',
    /^audit\.tg__refuse_change\(\)$/,
  ],
  ['alter table audit.events no force row level security', 'ALTER TABLE', /^audit\.events$/],
  ['alter function private.actor() owner to migrator', 'ALTER FUNCTION', /^private\.actor\(\)$/],
  ['grant create on schema audit to registry_owner', 'GRANT', /^$/],
  ['alter table audit.events owner to registry_owner', 'ALTER TABLE', /^audit\.events$/],
  [
    'create trigger swallow before insert on registry.members for each row execute function private.tg_members__version()',
    'CREATE TRIGGER',
    /swallow on registry\.members/,
  ],
  ['drop trigger swallow on registry.members', 'DROP TRIGGER', /swallow on registry\.members/],
  [
    'alter default privileges for role registry_owner grant select on tables to auth_callback',
    'ALTER DEFAULT PRIVILEGES',
    /^$/,
  ],
];

test('the migrating role changes nothing of structure or privileges without a row that it cannot take away', () =>
  withCluster(18, async (server) => {
    await using superuser = await connect(server.url);
    await superuser.query(`create role migrator login createrole password 'local'`);
    await superuser.query('create database ours owner migrator');
    const url = Object.assign(new URL(server.url), { pathname: '/ours' });
    const own = Object.assign(new URL(url.href), { username: 'migrator', password: 'local' }).href;
    const said: string[] = [];
    await migrate({ databaseUrl: own, log: (line) => said.push(line) });
    assert.ok(
      said.some((line) =>
        line.startsWith('Changes of structure and privileges are not written down: migrator may not'),
      ),
      'where it cannot be installed, that is said',
    );
    await migrate({ databaseUrl: url.href });

    await using migrator = await connect(own);
    await using inside = await connect(url.href);
    const { rows: members } = await inside.query(
      `select from pg_auth_members where roleid = 'audit_owner'::regrole and member = 'migrator'::regrole and not admin_option`,
    );
    assert.deepEqual(members, [], 'between migrations it is not the owner of the audit');
    // A grant of what one may not grant is a mere warning.
    for (const [statement] of FORGERY.filter(
      ([text]) => text.includes('audit.') && !/^(grant|revoke|drop policy)/.test(text),
    )) {
      await assert.rejects(migrator.query(statement), { code: '42501' }, statement);
    }
    await migrator.query('grant audit_owner to migrator');
    await inside.query('delete from structure.changes');
    for (const [statement, command, object] of FORGERY) {
      await migrator.query(statement);
      const { rows } = await inside.query(
        'select login, command, object, statement from structure.changes order by id desc limit 1',
      );
      assert.equal(rows[0]?.login, 'migrator', statement);
      assert.equal(rows[0].command, command, statement);
      assert.match(rows[0].object ?? '', object, statement);
      if (/^(grant|revoke|alter default)/.test(statement)) assert.equal(rows[0].statement, statement);
    }
    for (const statement of [
      'delete from structure.changes',
      'truncate structure.changes',
      'drop table structure.changes',
      'drop schema structure cascade',
      'alter event trigger personnummer_sync_commands disable',
      'drop event trigger personnummer_sync_commands',
      'create or replace function structure.note_commands() returns event_trigger language plpgsql as $$ begin end $$',
      'alter table structure.changes disable trigger all',
      'create trigger swallow before insert on structure.changes for each row execute function private.tg_members__version()',
    ]) {
      await assert.rejects(migrator.query(statement), { code: '42501' }, statement);
    }
    // What it left behind is put right, and said, by the next migration.
    const lines: string[] = [];
    await migrate({ databaseUrl: own, log: (line) => lines.push(line) }).catch((error: Error) =>
      lines.push(error.message),
    );
    assert.ok(
      lines.some((line) => line.includes('audit.tg__refuse_change')),
      lines.join('\n'),
    );
    assert.ok(
      lines.includes('put right: alter table audit.events enable always trigger _100_refuse_change'),
      lines.join('\n'),
    );
  }));
