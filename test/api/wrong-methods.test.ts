import assert from 'node:assert/strict';
import { afterAll, beforeAll, test } from 'vitest';
import { signAccessToken } from '../../local/access-token.ts';
import { type ActingCallback, actAsCallback } from '../support/acting-callback.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { inCase } from '../support/in-case.ts';
import { startTestPostgrest, type TestPostgrest } from '../support/postgrest.ts';
import { addCoordinator, testKeys } from '../support/samples.ts';

// Whatever somebody sends to schema api that it does not do, the answer says that it is the request that is wrong.

let db: TestDatabase;
let callback: ActingCallback;
let api: TestPostgrest;
let tokens: Record<string, string | null>;
let views: { name: string; column: string }[];
let functions: { name: string; arguments: string[] }[];

beforeAll(async () => {
  db = await createTestDatabase();
  callback = await actAsCallback(db);
  api = await startTestPostgrest(db);
  const sign = (userId: string) => signAccessToken(testKeys().environment.ACCESS_TOKEN_KEYS, userId);
  tokens = {
    'a coordinator': await sign(await addCoordinator(db, callback.organization)),
    'a stranger with an account': await sign(crypto.randomUUID()),
    nobody: null,
  };
  const inApi = `where relnamespace = 'api'::regnamespace and relkind = 'v'`;
  views = (
    await db.pool.query(
      `select relname as name, (select attname from pg_attribute where attrelid = c.oid and attnum = 1) as column
       from pg_class as c ${inApi} order by relname`,
    )
  ).rows;
  functions = (
    await db.pool.query(
      `select proname as name, array(
         select n from unnest(proargnames) with ordinality as a(n, at) where at <= pronargs order by at)::text[] as arguments
       from pg_proc where pronamespace = 'api'::regnamespace order by proname`,
    )
  ).rows;
  assert.ok(views.length >= 8 && functions.length >= 8);
});

afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await db[Symbol.asyncDispose]();
});

async function send(
  path: string,
  method: string,
  token: string | null,
  body?: unknown,
  headers: Record<string, string> = {},
) {
  const response = await fetch(`${api.url}${path}`, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}

function assertRefused(what: string, { status, text }: { status: number; text: string }) {
  assert.ok(status >= 400 && status < 500, `${what}: ${status} ${text}`);
}

test('every view of the API refuses to be written to, by whoever and however it is tried, with a 4xx', async () => {
  for (const { name, column } of views) {
    await inCase(name, async () => {
      for (const [who, token] of Object.entries(tokens)) {
        const row = { [column]: null };
        const one = `/${name}?${column}=is.null`;
        const tries: [string, string, unknown, Record<string, string>?][] = [
          ['DELETE', `/${name}`, undefined],
          ['DELETE', one, undefined],
          ['DELETE', one, undefined, { prefer: 'return=representation' }],
          ['PATCH', `/${name}`, row],
          ['PATCH', one, row],
          ['PATCH', one, row, { prefer: 'return=representation' }],
          ['POST', `/${name}`, row],
          ['POST', `/${name}`, [row, row]],
          ['POST', `/${name}`, row, { prefer: 'resolution=merge-duplicates' }],
          ['POST', `/${name}`, row, { prefer: 'return=representation' }],
          ['PUT', one.replace('is.null', 'eq.x'), row],
          ['PUT', `/${name}`, row],
        ];
        for (const [method, path, body, headers] of tries) {
          assertRefused(
            `${who}: ${method} ${path} ${JSON.stringify(headers)}`,
            await send(path, method, token, body, headers),
          );
        }
      }
    });
  }
});

test('with supabase-js the refusal is an error that says so', async () => {
  const client = api.client(tokens['a coordinator'] ?? undefined);
  for (const { name, column } of views) {
    const answers = [
      await client.from(name).delete().is(column, null),
      await client
        .from(name)
        .update({ [column]: null })
        .is(column, null),
      await client.from(name).insert({ [column]: null }),
    ];
    for (const { error, status } of answers) assert.deepEqual([error?.code, status], ['42501', 403], name);
  }
});

/** What is meant to be sent: no language is that of the browser. */
const MEANT: Record<string, unknown[]> = { set_language: [null] };

test('every function of the API, called in a way that it is not meant to be, answers with a 4xx', async () => {
  for (const { name, arguments: names } of functions) {
    await inCase(name, async () => {
      const values = [null, '', 'x', 0, -1, {}, [], '00000000-0000-4000-8000-000000000000', 'infinity', '\ud800'];
      for (const [who, token] of Object.entries(tokens)) {
        for (const value of values.filter((each) => !MEANT[name]?.includes(each))) {
          const body = Object.fromEntries(names.map((each) => [each, value]));
          assertRefused(
            `${who}: ${name} with ${JSON.stringify(value)}`,
            await send(`/rpc/${name}`, 'POST', token, body),
          );
        }
        for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
          assertRefused(
            `${who}: ${method} ${name}`,
            await send(`/rpc/${name}`, method, token, method === 'GET' ? undefined : {}),
          );
        }
        assertRefused(
          `${who}: ${name} with what it does not take`,
          await send(`/rpc/${name}`, 'POST', token, { unknown: 1 }),
        );
      }
    });
  }
});
