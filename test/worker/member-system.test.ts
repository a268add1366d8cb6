import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { test } from 'vitest';
import type { modes } from '../../local/member-system/modes.ts';
import { createMemberSystem } from '../../local/member-system.ts';
import { until } from '../support/until.ts';

const one = '15864590044';
const other = '03897895160';

async function start() {
  const events: unknown[] = [];
  const tokens = { nhf: 'nhf-token', hlf: 'hlf-token' };
  const system = await createMemberSystem({ tokens, log: (event) => events.push(event) });
  const put = (init: { key?: string; personnummer?: unknown; token?: string; path?: string; method?: string } = {}) =>
    fetch(`${system.url}/nhf/members/${init.path ?? '7'}/personnummer`, {
      method: init.method ?? 'PUT',
      headers: {
        authorization: `Bearer ${init.token ?? 'nhf-token'}`,
        ...(init.key !== '' && { 'idempotency-key': init.key ?? 'key-1' }),
      },
      body: JSON.stringify({ personnummer: init.personnummer ?? one }),
      redirect: 'manual',
      signal: AbortSignal.timeout(2_000),
    });
  const look = async (path = '/nhf/members/7') => {
    const response = await fetch(`${system.url}${path}`);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const control = async (mode: unknown) =>
    fetch(`${system.url}/nhf/control`, { method: 'POST', body: JSON.stringify({ mode }) });
  return { system, events, put, look, control, [Symbol.asyncDispose]: () => system.close() };
}

test('a change is made once however often it is sent with the same key', async () => {
  await using s = await start();
  for (let i = 0; i < 3; i += 1) assert.equal((await s.put()).status, 200);
  assert.deepEqual(await s.look(), { status: 200, body: { external_id: '7', personnummer: one, effects: 1 } });
  assert.equal(s.system.organization('nhf').members.effectsOf('key-1'), 1);
});

test('the same key with another content is refused and changes nothing', async () => {
  await using s = await start();
  await s.put();
  assert.equal((await s.put({ personnummer: other })).status, 422);
  assert.equal((await s.put({ path: '8' })).status, 422);
  assert.equal((await s.look()).body.personnummer, one);
});

test('another key makes another change, with PATCH too', async () => {
  await using s = await start();
  await s.put();
  assert.equal((await s.put({ key: 'key-2', personnummer: other, method: 'PATCH' })).status, 200);
  assert.deepEqual((await s.look()).body, { external_id: '7', personnummer: other, effects: 2 });
});

test('a change needs the token of its organisation, a key and a number', async () => {
  await using s = await start();
  assert.equal((await s.put({ token: 'hlf-token' })).status, 401);
  assert.equal((await s.put({ key: '' })).status, 400);
  assert.equal((await s.put({ personnummer: 7 })).status, 422);
  assert.equal((await s.look()).status, 404);
});

test('an external id may hold any character', async () => {
  await using s = await start();
  assert.equal((await s.put({ path: encodeURIComponent('a/b æ') })).status, 200);
  assert.equal((await s.look(`/nhf/members/${encodeURIComponent('a/b æ')}`)).body.external_id, 'a/b æ');
});

test('organisations know nothing of each other', async () => {
  await using s = await start();
  await s.put();
  assert.equal((await s.look('/hlf/members/7')).status, 404);
  assert.equal((await s.look('/unknown/members/7')).status, 404);
});

test('it misbehaves as told and behaves again', async () => {
  await using s = await start();
  const expected: Partial<Record<(typeof modes)[number], number>> = {
    error_500: 500,
    reject_422: 422,
    too_many: 429,
    maintenance: 302,
  };
  for (const [mode, status] of Object.entries(expected)) {
    assert.equal((await s.control(mode)).status, 200);
    assert.equal((await s.put()).status, status);
  }
  await s.control('down');
  await assert.rejects(s.put());
  assert.equal((await s.look()).status, 404);
  await s.control('ok');
  assert.equal((await s.put()).status, 200);
  assert.deepEqual((await s.look('/nhf/control')).body, { mode: 'ok', requests: 6, effects: 1 });
});

test('whoever comes with credentials meets its mode with every method; somebody who only looks does not', async () => {
  await using s = await start();
  const come = (method: string, token = 'nhf-token') =>
    fetch(`${s.system.url}/nhf/members/7`, { method, headers: { authorization: `Bearer ${token}` } });
  assert.equal((await come('OPTIONS', 'another')).status, 401);
  assert.equal((await come('GET')).status, 404);
  await s.control('down');
  for (const method of ['OPTIONS', 'GET']) await assert.rejects(come(method));
  await s.control('error_500');
  assert.equal((await come('OPTIONS')).status, 500);
  assert.equal((await s.look()).status, 404);
  await s.control('reject_422');
  assert.equal((await come('GET')).status, 404, 'it refuses changes only');
});

test('a mode nobody knows is refused', async () => {
  await using s = await start();
  assert.equal((await s.control('chaos')).status, 400);
  assert.equal((await s.control({})).status, 400);
});

test('hanging requests do not keep it from closing, and one may have made its change', async () => {
  const s = await start();
  await s.control('hang');
  const hanging = assert.rejects(s.put());
  await s.control('apply_then_hang');
  const applied = assert.rejects(s.put({ key: 'key-2', path: '8' }));
  await until('both requests', () => s.system.organization('nhf').requests() === 2);
  await s.look();
  await s.system.close();
  await Promise.all([hanging, applied]);
  assert.equal(s.system.organization('nhf').members.effectsOf('key-1'), 0);
  assert.equal(s.system.organization('nhf').members.effectsOf('key-2'), 1);
});

test('what it logs holds no number', async () => {
  await using s = await start();
  await s.put();
  await s.put({ personnummer: other });
  assert.equal(s.events.length, 2);
  assert.doesNotMatch(JSON.stringify(s.events), /[0-9]{11}/);
});

test('it runs as a program for several organisations, and its output holds no number', async () => {
  const main = fileURLToPath(new URL('../../local/member-system.ts', import.meta.url));
  const env = { ORGANIZATIONS: 'nhf,h-l-f', MEMBER_SYSTEM_NHF_TOKEN: 'a', MEMBER_SYSTEM_H_L_F_TOKEN: 'b', PORT: '0' };
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const next = async () => JSON.parse((await once(lines, 'line'))[0]);
  const { url } = await next();
  const logged = next();
  const response = await fetch(`${url}/h-l-f/members/1/personnummer`, {
    method: 'PUT',
    headers: { authorization: 'Bearer b', 'idempotency-key': 'k' },
    body: JSON.stringify({ personnummer: one }),
  });
  assert.equal(response.status, 200);
  const event = await logged;
  assert.equal(event.organization, 'h-l-f');
  assert.doesNotMatch(JSON.stringify(event), /[0-9]{11}/);
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});
