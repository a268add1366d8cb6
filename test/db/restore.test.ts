import assert from 'node:assert/strict';
import { test } from 'vitest';
import { migrate } from '../../db/migrate.ts';
import { availableVersions } from '../../local/postgres-binaries.ts';
import { withCluster } from '../support/own-cluster.ts';
import { dump } from '../support/pg-dump.ts';
import { sampleNumbers } from '../support/samples.ts';
import { connect, logsIn, onDatabase, restore } from './support/restored.ts';

/** What a migrated database is made of, in words that all versions share. */
async function made(url: string): Promise<string[]> {
  await using client = await connect(url);
  const { rows } = await client.query<{ line: string }>(
    `select format('%s %s %s %s', c.relname, c.relowner::regrole, c.relrowsecurity, c.relforcerowsecurity) as line
     from pg_class c where c.relnamespace = any (array['registry', 'sync', 'audit', 'reporting', 'billing']::regnamespace[]) and c.relkind = 'r'
     union all select format('%s %s', polrelid::regclass, polname) from pg_policy
     union all select format('%s %s', p.oid::regprocedure, a) from pg_proc p, unnest(p.proacl) a where pronamespace::regnamespace::text in ('login', 'worker', 'import', 'private', 'api', 'audit', 'billing')
     union all select format('%s %s %s', tgrelid::regclass, tgname, tgenabled) from pg_trigger where not tgisinternal
     union all select format('%s member of %s', member::regrole, roleid::regrole) from pg_auth_members where member = to_regrole('registry_owner')
     order by 1`,
  );
  return rows.map(({ line }) => line);
}

test('all versions are here where npm has them (Linux with glibc, x64), elsewhere the newest', () => {
  const everywhere = process.platform === 'linux' && process.arch === 'x64';
  assert.deepEqual(availableVersions(), everywhere ? [15, 16, 17, 18] : [18]);
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
        if (version !== availableVersions()[0]) return;
        const again: string[] = [];
        await migrate({ databaseUrl: url, log: (line) => again.push(line) });
        assert.deepEqual(
          again.filter((line) => /put right|left|belonged/.test(line)),
          [],
        );
      });
    }));
}
