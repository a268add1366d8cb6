import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { test } from 'vitest';
import { OUR_SCHEMAS } from '../../db/catalog.ts';
import type { LoginRole } from '../../local/login-roles.ts';
import { actAsCallback, addKari, one } from '../support/acting-callback.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { inCase } from '../support/in-case.ts';
import { claimPush, finishPush } from '../support/push-worker.ts';
import { sampleNumbers } from '../support/samples.ts';
import { layTraps } from './support/traps.ts';

/**
 * Whoever may make temporary objects may give them any name, and a type's CHECK, a view, an operator or a cast then calls a
 * function of theirs. If code of ours that runs as its owner finds such an object under an unqualified name, the caller is the
 * owner of everything. The database gives TEMP to nobody; here everybody has it.
 */

/** How a registry's caller is reached: PostgREST signs in as `authenticator` and becomes `authenticated`. */
const CALLERS: Record<string, LoginRole> = {
  auth_callback: 'auth_callback',
  sync_worker: 'sync_worker',
  member_importer: 'member_importer',
  authenticated: 'authenticator',
  auditor: 'auditor_login',
};

async function attack(db: TestDatabase, role: string) {
  const client = new pg.Client({ connectionString: db.urlFor(CALLERS[role] as LoginRole) });
  await client.connect();
  try {
    await client.query(`set role ${role}`);
    const traps = await layTraps(client, role);
    return { client, traps, [Symbol.asyncDispose]: () => client.end() };
  } catch (error) {
    await client.end();
    throw error;
  }
}

type Called = { name: string; schema: string; arguments: string[]; callers: string[] };

/** Every function that runs with its owner's rights, wherever it is, and who may call it. */
const DEFINERS = `
  select p.oid::regprocedure::text as name, n.nspname as schema,
         array(select format_type(t, null) from unnest(p.proargtypes) with ordinality as a(t, at) order by at) as arguments,
         array(select r from unnest($1::text[]) as r where has_function_privilege(r, p.oid, 'execute')) as callers
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace
  where p.prosecdef and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)`;

/** Something of each type, so that a function comes further than its first comparison with null. */
const sample = (type: string): string => {
  const values: Record<string, string> = {
    uuid: `'${randomUUID()}'`,
    'timestamp with time zone': 'pg_catalog.now()',
    boolean: 'true',
    jsonb: `'{}'`,
    integer: '1',
    bigint: '1',
    smallint: '1',
    date: `'1950-01-01'`,
    text: `'x'`,
    interval: `'1 day'`,
    'uuid[]': `array['${randomUUID()}']`,
    'text[]': `array['x']`,
    'integer[]': 'array[1]',
    'jsonb[]': `array['{}']`,
  };
  return `(${values[type] ?? 'null'})::${type.includes('.') ? type : `pg_catalog.${quoteType(type)}`}`;
};

/** Names of the grammar (`timestamp with time zone`) cannot be qualified; the type's own name can. */
const quoteType = (type: string) =>
  type
    .replace('timestamp with time zone', 'timestamptz')
    .replace('boolean', 'bool')
    .replace(
      /^(integer|bigint|smallint)/,
      (word) => ({ integer: 'int4', bigint: 'int8', smallint: 'int2' })[word] as string,
    );

test('with TEMP granted, no object of the caller is found by any function that runs as its owner', async () => {
  await using db = await createTestDatabase();
  await db.pool.query(`grant temporary on database ${db.name} to public`);
  // The audit's own are called by those of the registry, which are tried here.
  const { rows: definers } = await db.pool.query<Called>(DEFINERS, [[...Object.keys(CALLERS), 'registry_owner']]);
  for (const schema of ['login', 'worker', 'import', 'private']) {
    assert.ok(
      definers.some((one) => one.schema === schema),
      `definer functions of ${schema} were found`,
    );
  }
  for (const { name, callers } of definers) assert.ok(callers.length > 0, `somebody may call ${name}`);
  for (const role of Object.keys(CALLERS)) {
    await inCase(role, async () => {
      await using attacker = await attack(db, role);
      const { client, traps } = attacker;
      for (const { name, arguments: types } of definers.filter(({ callers }) => callers.includes(role))) {
        const called = name.slice(0, name.indexOf('('));
        // The schema of what stands behind the API is closed; the API's own functions go through it, below.
        const usable = await one<{ usable: boolean }>(db, 'select has_schema_privilege($1, $2, $3) as usable', [
          role,
          called.split('.')[0],
          'usage',
        ]);
        if (!usable.usable) continue;
        for (const values of [
          types.map((type) => `null::${type.includes('.') ? type : `pg_catalog.${quoteType(type)}`}`),
          types.map(sample),
          types.map((type) => (type === 'text' ? `'caster'::pg_temp.caster` : sample(type))),
        ]) {
          const failure = await client.query(`select ${called}(${values.join(', ')})`).catch((error) => error);
          if (failure instanceof Error) assert.doesNotMatch(failure.message, /permission denied for (function|schema)/);
          assert.equal(await traps.sprung(), 0, `a trap sprang in ${name}`);
        }
      }
    });
  }
});

test('a login that fills, one that disagrees, and a worker that delivers, by callers full of traps', async () => {
  await using db = await createTestDatabase();
  await db.pool.query(`grant temporary on database ${db.name} to public`);
  const registry = await actAsCallback(db);
  await addKari(db, registry);
  await using callback = await attack(db, 'auth_callback');
  const [first, second] = sampleNumbers;
  assert.equal((await registry.login({ personnummer: first }, callback.client)).outcome, 'filled');
  assert.equal((await registry.login({ personnummer: first }, callback.client)).outcome, 'confirmed');
  await using worker = await attack(db, 'sync_worker');
  const { id } = await one<{ id: string }>(db, 'select id from sync.pushes');
  const { fencing_token } = await claimPush(worker.client, id);
  const delivered = { push_id: id, fencing_token, result: 'delivered', http_status: 200 };
  assert.equal(await finishPush(worker.client, delivered), 'delivered');
  assert.equal(await worker.traps.sprung(), 0);

  assert.equal((await registry.login({ personnummer: second }, callback.client)).outcome, 'conflict');
  assert.equal(
    (await registry.login({ subject: 'somebody', phone: '+4790000099' }, callback.client)).outcome,
    'ambiguous',
  );
  assert.equal(await callback.traps.sprung(), 0);
});

test('a coordinator full of traps calls every function and reads every view of the API', async () => {
  await using db = await createTestDatabase();
  await db.pool.query(`grant temporary on database ${db.name} to public`);
  const registry = await actAsCallback(db);
  await addKari(db, registry);
  const [first, second] = sampleNumbers;
  await registry.login({ personnummer: first });
  await registry.login({ personnummer: second });
  await using attacker = await attack(db, 'authenticated');
  const { client, traps } = attacker;
  const userId = randomUUID();
  await db.pool.query('insert into registry.coordinators (user_id, organization_id) values ($1, $2)', [
    userId,
    registry.organization.id,
  ]);
  await client.query(`select pg_catalog.set_config('request.jwt.claims', $1, false)`, [
    JSON.stringify({ sub: userId }),
  ]);
  const { rows: functions } = await db.pool.query<Called>(
    `${DEFINERS.replace('p.prosecdef and', `n.nspname = 'api' and`)}`,
    [['authenticated']],
  );
  assert.ok(functions.length >= 8);
  for (const { name, arguments: types } of functions) {
    const called = name.slice(0, name.indexOf('('));
    await client.query(`select ${called}(${types.map(sample).join(', ')})`).catch(() => 'refused, as it should be');
    assert.equal(await traps.sprung(), 0, `a trap sprang in ${name}`);
  }
  const { rows: open } = await client.query('select id, version from api.open_conflicts');
  await client.query(`select api.resolve_conflict($1, 'accept_observed', 'Note', $2)`, [open[0].id, open[0].version]);
  const { rows: views } = await db.pool.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c where c.relkind = 'v' and c.relnamespace = 'api'::regnamespace`,
  );
  for (const { name } of views) await client.query(`select * from ${name}`);
  assert.equal(await traps.sprung(), 0);
});

test('the traps work: each kind springs in a function that is written as ours must not be', async () => {
  await using db = await createTestDatabase();
  await db.pool.query(`grant temporary on database ${db.name} to public`);
  await using attacker = await attack(db, 'auth_callback');
  const careless: Record<string, string> = {
    type: `set search_path = '' as $$ begin return (p || 'x')::text <> ''; end $$`,
    'row type': `set search_path = '' as $$ declare m members; begin m.id := null; return true; end $$`,
    relation: `set search_path = '' as $$ begin return exists (select from members); end $$`,
    'relation that is written': `set search_path = '' as $$ begin insert into members default values; return true; end $$`,
    operator: `set search_path = pg_temp, pg_catalog as $$ begin return p operator(pg_temp.=) 'x'::pg_catalog.text; end $$`,
    function: `set search_path = pg_temp, pg_catalog as $$ begin return pg_temp.lower(p) <> ''; end $$`,
    cast: `set search_path = '' as $$ begin return 'caster'::caster::pg_catalog.text <> ''; end $$`,
  };
  for (const [kind, body] of Object.entries(careless)) {
    const name = `login.careless_${kind.replaceAll(' ', '_')}`;
    await db.pool.query(`set role registry_owner; set check_function_bodies = off; create function ${name}(p pg_catalog.text) returns pg_catalog.bool
      language plpgsql volatile security definer ${body}; grant execute on function ${name} to auth_callback; reset role; reset check_function_bodies`);
    await attacker.client.query(`select ${name}('x'::pg_catalog.text)`);
    assert.ok((await attacker.traps.sprung()) > 0, `the trap for a ${kind} sprang`);
    await attacker.traps.reset();
  }
});

test('no helper, trigger function or view escapes the rule: the path is fixed, and no argument brings a type of its own', async () => {
  await using db = await createTestDatabase();
  const { rows } = await db.pool.query<{ found: string }>(
    `select p.oid::regprocedure::text as found from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = any ($1) and not (p.proconfig @> array['search_path=pg_catalog, pg_temp'])
     union all
     select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = any ($1) and exists (
       select from unnest(p.proargtypes) as a(t) join pg_type on pg_type.oid = a.t where pg_type.typtype = 'p' and p.prorettype <> 'trigger'::regtype)
     union all
     select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = 'graphile_worker' and p.prosecdef`,
    [OUR_SCHEMAS],
  );
  assert.deepEqual(
    rows.map(({ found }) => found),
    [],
  );
});
