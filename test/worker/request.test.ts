import assert from 'node:assert/strict';
import { test } from 'vitest';
import { Failure } from '../../worker/failure.ts';
import { buildRequest, buildStatusUrl } from '../../worker/member-system/request.ts';
import { type HttpMemberSystem, readMemberSystem } from '../../worker/member-system/settings.ts';

const personnummer = '17858433347';
const pushId = '7b1f0a52-3c7e-4a57-9a35-0a8e6f5f3c11';
const madeAt = '2026-11-28T12:00:00.000001Z';

const row = {
  kind: 'http',
  method: 'PUT',
  url_template: 'https://members.example/api/members/{external_id}/personnummer',
  body_template: { personnummer: '{personnummer}' },
  auth: 'none',
  timeout_ms: 5000,
};

function http(overrides: object = {}) {
  const system = readMemberSystem({ ...row, ...overrides });
  assert.equal(system.kind, 'http');
  return system as HttpMemberSystem;
}

function build(overrides: object = {}, externalId: string | null = 'NHF-1') {
  return buildRequest(http(overrides), { pushId, madeAt, externalId, personnummer });
}

function refusedAs(code: string) {
  return (error: unknown) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.message, code);
    return true;
  };
}

test('a request carries the number in its body, the push id as Idempotency-Key, the time as Change-Made-At, and JSON as its type', () => {
  assert.deepEqual(build(), {
    url: 'https://members.example/api/members/NHF-1/personnummer',
    method: 'PUT',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      'idempotency-key': pushId,
      'change-made-at': madeAt,
    },
    body: JSON.stringify({ personnummer }),
  });
});

const externalIds: [string, string][] = [
  ['a/b', 'a%2Fb'],
  ['a b?c#d', 'a%20b%3Fc%23d'],
  ['../../admin', '..%2F..%2Fadmin'],
  ['æøå', '%C3%A6%C3%B8%C3%A5'],
  ['{external_id}', '%7Bexternal_id%7D'],
  ['{personnummer}', '%7Bpersonnummer%7D'],
  ['%2e%2e', '%252e%252e'],
];
for (const [externalId, encoded] of externalIds) {
  test(`the external id ${externalId} is one percent-encoded path step`, () => {
    assert.equal(build({}, externalId).url, `https://members.example/api/members/${encoded}/personnummer`);
  });
}

test('placeholders are filled inside strings only, at any depth, and keys stay as they are', () => {
  const body_template = {
    '{personnummer}': 1,
    member: { id: '{external_id}', ids: ['nin:{personnummer}', 7, null, true] },
  };
  const { body } = build({ body_template });
  assert.deepEqual(JSON.parse(body ?? ''), {
    '{personnummer}': 1,
    member: { id: 'NHF-1', ids: [`nin:${personnummer}`, 7, null, true] },
  });
});

test('what has been filled in is not searched for placeholders again', () => {
  const body_template = { id: '{external_id}', nin: '{personnummer}' };
  const { body } = build({ body_template }, '"{personnummer}\\');
  assert.deepEqual(JSON.parse(body ?? ''), { id: '"{personnummer}\\', nin: personnummer });
});

test('a leading zero survives', () => {
  const { body } = buildRequest(http(), { pushId, madeAt, externalId: 'x', personnummer: '01815025039' });
  assert.deepEqual(JSON.parse(body ?? ''), { personnummer: '01815025039' });
});

test('a body template may be JSON text', () => {
  assert.equal(build({ body_template: '{"n":"{personnummer}"}' }).body, JSON.stringify({ n: personnummer }));
});

const misconfigured: [string, object][] = [
  ['puts the number into the URL', { url_template: 'https://m.example/{external_id}/{personnummer}' }],
  ['puts the number into the query', { url_template: 'https://m.example/{external_id}?nin={personnummer}' }],
  ['lets the member record choose the host', { url_template: 'https://{external_id}.example/' }],
  ['lets the member record choose the port', { url_template: 'https://m.example:{external_id}/' }],
  ['has credentials in the URL', { url_template: 'https://user:secret@m.example/{external_id}' }],
  ['has no absolute URL', { url_template: '/members/{external_id}' }],
  ['has another scheme', { url_template: 'file:///{external_id}' }],
  ['sends no number', { body_template: { nin: 'x' } }],
  ['sends the placeholder as a key only', { body_template: { '{personnummer}': 'x' } }],
  ['has no body', { body_template: null }],
  ['has a body that is no JSON', { body_template: '{nin: {personnummer}}' }],
  ['never says which member', { url_template: 'https://m.example/members' }],
  ['has a method without a body', { method: 'GET' }],
  ['is of another kind', { kind: 'file' }],
  ['has an unknown authentication', { auth: 'digest' }],
  ['names no secret', { auth: 'bearer' }],
  ['names a secret of another purpose', { auth: 'bearer', secret_env: 'PERSONNUMMER_UNSEALING_KEYS' }],
  ['names a secret in small letters', { auth: 'bearer', secret_env: 'MEMBER_SYSTEM_nhf' }],
  ['names a secret with something after it', { auth: 'bearer', secret_env: 'MEMBER_SYSTEM_A\nDATABASE_URL' }],
  ['has basic authentication without a user', { auth: 'basic', secret_env: 'MEMBER_SYSTEM_A' }],
  ['has no token endpoint', { auth: 'oauth2_client_credentials', client_id: 'c', secret_env: 'MEMBER_SYSTEM_A' }],
  [
    'shows its client secret in an unknown way',
    {
      ...{ auth: 'oauth2_client_credentials', token_url: 'https://m.example/token', client_id: 'c' },
      secret_env: 'MEMBER_SYSTEM_A',
      token_endpoint_auth_method: 'private_key_jwt',
    },
  ],
  ['has a timeout of nothing', { timeout_ms: 0 }],
];
for (const [what, overrides] of misconfigured) {
  test(`a row that ${what} is refused as misconfigured`, () => {
    assert.throws(() => build(overrides), refusedAs('member_system_misconfigured'));
  });
}

test('an organisation without a row is waited for', () => {
  assert.throws(() => readMemberSystem(null), refusedAs('member_system_missing'));
  assert.equal(new Failure('member_system_missing').result, 'retry');
});

test('a timeout longer than half a minute is cut', () => {
  assert.equal(http({ timeout_ms: 600_000 }).timeoutMs, 30_000);
  assert.equal(http({ timeout_ms: null }).timeoutMs, 10_000);
});

for (const externalId of ['.', '..', '\ud800']) {
  test(`the external id ${JSON.stringify(externalId)} is not sent`, () => {
    assert.throws(() => build({}, externalId), refusedAs('external_id_unusable'));
  });
}

for (const externalId of ['', null]) {
  test(`a member without an external id (${JSON.stringify(externalId)}) is not sent`, () => {
    assert.throws(() => build({}, externalId), refusedAs('external_id_missing'));
  });
}

test('a member system that uses the number as its member id gets nothing, because the number would be in the URL', () => {
  assert.throws(() => build({}, `m-${personnummer}`), refusedAs('personnummer_in_url'));
});

test('a number that is to be removed is null where it stands alone, and nothing inside other text', () => {
  const body_template = { a: '{personnummer}', b: ['nin:{personnummer}'], c: '{external_id}{personnummer}' };
  const { body } = buildRequest(http({ body_template }), { pushId, madeAt, externalId: 'x', personnummer: null });
  assert.deepEqual(JSON.parse(body ?? ''), { a: null, b: ['nin:'], c: 'x' });
});

const requestUrl = 'https://members.example/api/members/NHF-1/personnummer';
const places: [string, string][] = [
  ['/status/1', 'https://members.example/status/1'],
  ['status/1?x=1#top', 'https://members.example/api/members/NHF-1/status/1?x=1'],
  ['https://members.example/status/1', 'https://members.example/status/1'],
];
for (const [location, url] of places) {
  test(`a status URL may be given as ${location}`, () => {
    assert.equal(buildStatusUrl(location, requestUrl, personnummer), url);
  });
}

for (const location of [
  'https://elsewhere.example/status/1',
  'http://members.example/status/1',
  '//elsewhere.example/',
  'https://members.example:8443/',
  'https://user:secret@elsewhere.example/',
  `/status/${personnummer}`,
  'javascript:alert(1)',
  `/${'x'.repeat(3_000)}`,
]) {
  test(`a status URL ${location.slice(0, 40).replace(personnummer, '{personnummer}')} is not asked: our credentials and the number stay where they belong`, () => {
    assert.throws(() => buildStatusUrl(location, requestUrl, personnummer), refusedAs('status_url_refused'));
  });
}
