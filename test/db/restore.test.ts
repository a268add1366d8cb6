import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { migrate } from '../../db/migrate.ts';
import { prepareLoginRoles } from '../../local/login-roles.ts';
import type { RunningPostgres } from '../../local/postgres.ts';
import { availableVersions } from '../../local/postgres-binaries.ts';
import type { TestDatabase } from '../support/database.ts';
import { addKari, openDoor } from '../support/door.ts';
import { withCluster } from '../support/own-cluster.ts';
import { dump } from '../support/pg-dump.ts';
import { sampleNumbers } from '../support/samples.ts';

async function connect(connectionString: string) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

const onDatabase = (server: RunningPostgres, name: string) =>
  Object.assign(new URL(server.url), { pathname: `/${name}` });

async function query(url: string, statements: string) {
  await using client = await connect(url);
  await client.query(statements);
}

/** As psql does it: statement by statement, going on after a failure. @returns what failed */
async function restore(url: string, sql: string): Promise<string[]> {
  await using client = await connect(url);
  const failures: string[] = [];
  for (const statement of statementsOf(sql))
    await client.query(statement).catch((error) => failures.push(error.message));
  return failures;
}

/** pg_dump ends each statement with `;` at the end of a line, outside of dollar quotes, strings and bodies of SQL. */
function statementsOf(sql: string): string[] {
  const statements: string[] = [];
  let current = '';
  for (const line of sql.split('\n')) {
    if (current === '' && (line === '' || line.startsWith('--'))) continue;
    current += `${line}\n`;
    const quotes = current.replace(/(\$\w*\$)[\s\S]*?\1/g, '');
    const open =
      (/^ {4}BEGIN ATOMIC$/m.test(quotes) && line !== 'END;') ||
      /\$\w*\$/.test(quotes) ||
      (quotes.match(/'/g)?.length ?? 0) % 2 === 1;
    if (line.endsWith(';') && !open) {
      statements.push(current);
      current = '';
    }
  }
  return statements;
}

/** The test helpers' view of a database on a server of its own. */
async function use(server: RunningPostgres, name: string): Promise<TestDatabase> {
  const ownerUrl = onDatabase(server, name).href;
  await using client = await connect(ownerUrl);
  await prepareLoginRoles(client, () => 'local');
  const pool = new pg.Pool({ connectionString: ownerUrl, max: 3, allowExitOnIdle: true });
  return {
    ...{ name, ownerUrl, pool },
    urlFor: (role) => Object.assign(new URL(ownerUrl), { username: role, password: 'local' }).href,
    [Symbol.asyncDispose]: () => pool.end(),
  };
}

/** A login, with a number that disagrees with nothing: everything that a login needs is there, or it is `deferred`. */
async function logsIn(server: RunningPostgres, name: string, number: string): Promise<string> {
  await using db = await use(server, name);
  await using door = await openDoor(db);
  await addKari(db, door);
  return (await door.login({ personnummer: number })).outcome;
}

/** What a migrated database is made of, in words that all versions share. */
async function made(url: string): Promise<string[]> {
  await using client = await connect(url);
  const { rows } = await client.query<{ line: string }>(
    `select format('%s %s %s %s', c.relname, c.relowner::regrole, c.relrowsecurity, c.relforcerowsecurity) as line
     from pg_class c where c.relnamespace = any (array['registry', 'sync', 'audit']::regnamespace[]) and c.relkind = 'r'
     union all select format('%s %s', polrelid::regclass, polname) from pg_policy
     union all select format('%s %s', p.oid::regprocedure, a) from pg_proc p, unnest(p.proacl) a where pronamespace::regnamespace::text in ('login', 'worker', 'import', 'private', 'api', 'audit')
     union all select format('%s %s %s', tgrelid::regclass, tgname, tgenabled) from pg_trigger where not tgisinternal
     union all select format('%s member of %s', member::regrole, roleid::regrole) from pg_auth_members where member = to_regrole('registry_owner')
     order by 1`,
  );
  return rows.map(({ line }) => line);
}

test('the newest PostgreSQL and at least one older one are here to try dumps with', () => {
  assert.ok(
    availableVersions().includes(18) && availableVersions().length > 1,
    `only ${availableVersions()} are installed`,
  );
});

for (const version of availableVersions()) {
  test(`a dump of PostgreSQL ${version}, restored into 18 without roles, is brought right by migrate`, () =>
    withCluster(version, async (old) => {
      await migrate({ databaseUrl: old.url });
      assert.equal(await logsIn(old, 'postgres', sampleNumbers[0]), 'filled');
      const text = await dump(old.url);
      const expected = await made(old.url);
      await withCluster(18, async (server) => {
        await using superuser = await connect(server.url);
        await superuser.query('create database restored');
        const url = onDatabase(server, 'restored').href;
        const failures = await restore(url, text);
        assert.ok(
          failures.length > 0 && failures.every((failure) => /role "\w+" does not exist/.test(failure)),
          failures.join('\n'),
        );
        const lines: string[] = [];
        await migrate({ databaseUrl: url, log: (line) => lines.push(line) });
        assert.ok(lines.some((line) => line.startsWith('put right: create policy owner_all on registry.members')));
        assert.deepEqual(await made(url), expected);
        await using restored = await connect(url);
        const { rows } = await restored.query('select count(*)::int as n from audit.events');
        assert.equal(rows[0].n, 2);
        assert.equal(await logsIn(server, 'restored', sampleNumbers[1]), 'filled');
        const again: string[] = [];
        await migrate({ databaseUrl: url, log: (line) => again.push(line) });
        assert.deepEqual(
          again.filter((line) => /put right|left|belonged/.test(line)),
          [],
        );
      });
    }));
}

/** What pg_dumpall of 15 writes about our roles; its three grants fail from 16 on, where whoever gave them needs ADMIN OPTION. */
const ROLES_OF_15 = [
  `create role migrator login createrole password 'local'`,
  ...['registry_owner', 'audit_owner', 'queue_owner', 'auditor'].map((role) => `create role ${role} nologin`),
  ...['anon', 'authenticated', 'service_role'].map((role) => `create role ${role} nologin noinherit`),
  ...['auth_callback', 'sync_worker', 'member_importer'].map((role) => `create role ${role} login noinherit`),
  ...['lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout'].map(
    (limit) => `alter role auth_callback set ${limit} = '2s'`,
  ),
];

test('roles of 15 in a cluster of 18: three memberships and two limits are missing, and migrate says how to get them', () =>
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
      for (const refusal of [/^Memberships are missing .* runs: (.*)$/, /^Time limits are missing .* runs: (.*)$/]) {
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
