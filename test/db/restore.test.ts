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
