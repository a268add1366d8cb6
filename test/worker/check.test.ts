import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'vitest';
import { createGuardedFetch } from '../../runtime/guarded-fetch.ts';
import { createAccessTokens } from '../../worker/member-system/access-tokens.ts';
import { createAuthorize } from '../../worker/member-system/authorization.ts';
import { checkMemberSystem } from '../../worker/member-system/check.ts';
import { json, listen, refusingUrl } from './support/listen.ts';
import { createStage } from './support/stage.ts';

const fetch = createGuardedFetch({ deployment: 'local', timeoutMs: 2_000, maxBytes: 4096 });
const accessTokens = createAccessTokens({ fetch, allowsPlainHttp: true });
const authorize = createAuthorize({ secrets: new Map([['MEMBER_SYSTEM_A', 'secret']]), accessTokens });

const row = (url: string, changes: object = {}) => ({
  kind: 'http',
  method: 'PUT',
  url_template: `${url}/members/{external_id}`,
  body_template: { personnummer: '{personnummer}' },
  auth: 'bearer',
  secret_env: 'MEMBER_SYSTEM_A',
  ...changes,
});

async function failures(checked: object | null): Promise<(string | null)[]> {
  return (await checkMemberSystem(checked, { authorize, fetch })).map(({ failure }) => failure);
}

test('a member system that is all right is asked once, and nothing is changed', async () => {
  const seen: string[] = [];
  await using server = await listen((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    json(response, 404, {});
  });
  assert.deepEqual(await failures(row(server.url)), [null, null, null, null]);
  const readable = row(server.url, { read_url_template: `${server.url}/people/{external_id}` });
  assert.deepEqual(await failures(readable), [null, null, null, null]);
  assert.deepEqual(seen, [
    'OPTIONS /members/connection-check-nobody Bearer secret',
    'GET /people/connection-check-nobody Bearer secret',
  ]);
});

for (const [status, code] of [
  [401, 'http_401'],
  [403, 'http_403'],
  [302, 'redirect_temporary'],
  [308, 'redirect_refused'],
  [503, 'http_5xx'],
] as const) {
  test(`an answer ${status} is told as ${code}`, async () => {
    await using server = await listen((_, response) => void response.writeHead(status, { location: '/x' }).end());
    assert.deepEqual(await failures(row(server.url)), [null, null, null, code]);
  });
}

test('what is missing in the row or in the environment is told', async () => {
  await using server = await listen((_, response) => void response.end());
  assert.deepEqual(await failures(null), ['member_system_missing']);
  assert.deepEqual(await failures({ kind: 'http' }), ['member_system_misconfigured']);
  assert.deepEqual(await failures(row(await refusingUrl())), [null, null, null, 'connection_failed']);
  assert.deepEqual(await failures(row(server.url, { secret_env: 'MEMBER_SYSTEM_B' })), [
    null,
    null,
    'secret_missing',
    'secret_missing',
  ]);
  assert.deepEqual(await failures(row(server.url, { body_template: {} })), [
    null,
    'member_system_misconfigured',
    null,
    null,
  ]);
});

test('a key that files cannot be sealed for is told', async () => {
  assert.deepEqual(await failures({ kind: 'file', receiver_key: { kty: 'oct', kid: 'a' } }), ['receiver_key_unusable']);
  assert.deepEqual(await failures({ kind: 'worklist', receiver_key: null }), [null]);
});

test("the program says what it tried, in the worker's environment, and ends accordingly", async () => {
  await using stage = await createStage();
  const program = fileURLToPath(new URL('../../worker/check-member-system.ts', import.meta.url));
  const run = (...words: string[]) =>
    new Promise<{ code: number; output: string }>((done) => {
      const child = execFile(process.execPath, [program, ...words], { env: stage.environment }, (_, out, err) =>
        done({ code: child.exitCode ?? -1, output: out + err }),
      );
    });
  const good = await run('--organization', 'nhf');
  assert.deepEqual([good.code, good.output.match(/^ok /gm)?.length], [0, 4], good.output);
  assert.equal(stage.memberSystem.requests(), 0);
  assert.equal((await run('--organization', 'nobody')).code, 1);
  assert.equal((await run()).code, 2);
  await stage.changeRow({ secret_env: 'MEMBER_SYSTEM_OTHER' });
  const bad = await run('--organization', 'nhf');
  assert.equal(bad.code, 1);
  assert.match(
    bad.output,
    /failed {2}our credentials are there: secret_missing \(the variable MEMBER_SYSTEM_OTHER is not set here\)/,
  );
  assert.ok(!bad.output.includes(stage.environment.MEMBER_SYSTEM_NHF_TOKEN));
});
