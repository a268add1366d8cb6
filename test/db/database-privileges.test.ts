import assert from 'node:assert/strict';
import pg from 'pg';
import { test } from 'vitest';
import { migrate } from '../../db/migrate.ts';
import { withCluster } from '../support/own-cluster.ts';

/** What no dump brings along: each is put right by the next `npm run migrate`, or said. */
async function withDatabase(action: (owner: pg.Client, url: URL, superuser: pg.Client) => Promise<void>) {
  await withCluster(18, async (server) => {
    const url = new URL(server.url);
    await using superuser = await connect(url.href);
    await superuser.client.query(`create role migrator login createrole password 'local'`);
    await superuser.client.query('create database ours owner migrator');
    url.pathname = '/ours';
    await using inside = await connect(url.href);
    await action(inside.client, Object.assign(url, { username: 'migrator', password: 'local' }), superuser.client);
  });
}

async function connect(connectionString: string) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  return { client, [Symbol.asyncDispose]: () => client.end() };
}

const has = async (client: pg.Client, expression: string) =>
  (await client.query(`select ${expression} as has`)).rows[0].has;

test('TEMP is taken from PUBLIC and from our roles by every migration, which fails loudly where it cannot', () =>
  withDatabase(async (inside, url, superuser) => {
    await migrate({ databaseUrl: url.href });
    assert.equal(await has(inside, `has_database_privilege('auth_callback', 'ours', 'temporary')`), false);
    await superuser.query('grant temporary on database ours to public, sync_worker');
    await superuser.query('grant create on schema public to public');
    await migrate({ databaseUrl: url.href });
    for (const role of ['auth_callback', 'sync_worker', 'authenticated', 'registry_owner']) {
      assert.equal(await has(inside, `has_database_privilege('${role}', 'ours', 'temporary')`), false, role);
    }

    await superuser.query('alter database ours owner to postgres');
    await superuser.query('grant create on database ours to migrator');
    await superuser.query('grant temporary on database ours to public');
    const statement = /runs: (revoke temporary on database "ours" from public, [a-z_, ]+;)$/;
    const refused = await migrate({ databaseUrl: url.href }).catch((error: Error) => error.message);
    assert.match(refused as string, /^Temporary objects can still be made in database ours by /);
    const [, words] = statement.exec(refused as string) ?? [];
    assert.ok(words, 'the statement that mends it is said');
    await superuser.query(words);
    await migrate({ databaseUrl: url.href });
    assert.equal(await has(inside, `has_database_privilege('auth_callback', 'ours', 'temporary')`), false);

    // By way of another role it is no grant of ours to take back.
    await superuser.query(
      'create role helper; grant temporary on database ours to helper; grant helper to auth_callback',
    );
    await superuser.query('alter role auth_callback inherit; grant helper to auth_callback with inherit true');
    await assert.rejects(
      migrate({ databaseUrl: url.href }),
      /Temporary objects can still be made in database ours by auth_callback\./,
    );
  }));

test('nobody creates in public, and the bookkeeping of migrations is nobody else', () =>
  withDatabase(async (inside, url) => {
    await inside.query(`set role migrator;
      create role curious;
      alter default privileges grant usage, create on schemas to public;
      alter default privileges grant select, insert on tables to public, curious;
      reset role; grant create on schema public to public`);
    await migrate({ databaseUrl: url.href });
    assert.equal(await has(inside, `has_schema_privilege('curious', 'public', 'create')`), false);
    assert.equal(await has(inside, `has_schema_privilege('curious', 'migrations', 'usage')`), false);
    assert.equal(
      await has(inside, `has_table_privilege('curious', 'migrations.schema_migrations', 'select, insert')`),
      false,
    );
    assert.equal(
      await has(inside, `has_table_privilege('auth_callback', 'migrations.schema_migrations', 'select')`),
      false,
    );
  }));

test('functions that somebody put into public are not called by the one who migrates', () =>
  withDatabase(async (inside, url) => {
    await inside.query(`create role stranger; grant create on schema public to stranger; set role stranger;
      create sequence public.caught; grant all on sequence public.caught to public;
      create function public.format(text, text, text) returns text language plpgsql as
        $$ begin perform nextval('public.caught'); return pg_catalog.format($1, $2, $3); end $$;
      create function public.format(text, name, text) returns text language plpgsql as
        $$ begin perform nextval('public.caught'); return pg_catalog.format($1, $2, $3); end $$;
      create function public.array_to_string(text[], text) returns text language plpgsql as
        $$ begin perform nextval('public.caught'); return pg_catalog.array_to_string($1, $2); end $$;
      reset role`);
    await migrate({ databaseUrl: url.href });
    assert.equal(await has(inside, '(select is_called from public.caught)'), false);
  }));
