import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { test } from 'vitest';
import { readRevocationNotice } from '../../../auth-callback/webhook/revocation-notice.ts';
import { logIn } from '../support/browser.ts';
import { number, startProxiedWorld, startWorld, type World, type WorldOptions } from '../support/world.ts';

const secret = 'a-secret-of-the-test';
const b64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const now = () => Math.floor(Date.now() / 1000);
/** As in Vipps' example: a line feed after the header's JSON. */
const header = Buffer.from('{"alg":"none","typ": "JWT"}\n').toString('base64url');

function payloadOf(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const iat = now();
  return {
    exp: iat + 300,
    iat,
    nbf: iat,
    sub: 'c06c4afe-d9e1-4c5d-939a-177d752a0944',
    event: 'CONSENT_REVOKED',
    ...changes,
  };
}
const notice = (changes: Record<string, unknown> = {}) => `${header}.${b64(payloadOf(changes))}`;

/** The name of the secret's variable is made from the slug. */
function withSecret(environment: Record<string, string> = {}): WorldOptions {
  const slug = `hook-${Math.random().toString(36).slice(2, 10)}`;
  const name = `OIDC_WEBHOOK_SECRET_${slug.toUpperCase().replaceAll('-', '_')}`;
  return { organization: { slug }, environment: { [name]: secret, ...environment } };
}
const startWithSecret = (environment: Record<string, string> = {}) => startWorld(withSecret(environment));

function post(
  world: World,
  body: string,
  options: { secret?: string; slug?: string; headers?: Record<string, string> } = {},
) {
  const url = `${world.url}/webhooks/${options.slug ?? world.organization.slug}/vipps/${options.secret ?? secret}`;
  return fetch(url, { method: 'POST', body, headers: { 'content-type': 'text/plain', ...options.headers } });
}

async function stored(world: World): Promise<Record<string, unknown>[]> {
  const { rows } = await world.db.pool.query(
    'select subject, event, late from registry.revocations order by received_at',
  );
  return rows;
}

test('Vipps’ own example is read as it stands, with or without the dot', () => {
  const example =
    'eyJhbGciOiJub25lIiwidHlwIjogIkpXVCJ9Cg.eyJleHAiOjE1OTI1NzE3ODgsImlhdCI6MTU5MjU3MTQ4OCwibmJmIjoxNTkyNTcxNDg4LCJzdWIiOiJjOWQxMDQ0NC1kOTkyLTQ4NTAtYWM2MC05ZDM1MDIwOTUwMDgiLCJldmVudCI6IkNPTlNFTlRfUkVWT0tFRCJ9';
  for (const body of [example, `${example}.`, `${example}\n`]) {
    assert.deepEqual(readRevocationNotice(body, 1592571500), {
      status: 'notice',
      notice: {
        subject: 'c9d10444-d992-4850-ac60-9d3502095008',
        event: 'CONSENT_REVOKED',
        issuedAt: new Date(1592571488_000),
        late: false,
      },
    });
  }
});

test('a notice is late beyond its time, and malformed where it says too little', () => {
  const at = now();
  const read = (changes: Record<string, unknown>) => readRevocationNotice(notice(changes), at);
  const late = (changes: Record<string, unknown>) => {
    const reading = read(changes);
    return reading.status === 'notice' && reading.notice.late;
  };
  assert.equal(late({}), false);
  assert.equal(late({ exp: at - 30 }), false, 'clocks differ');
  assert.equal(late({ exp: at - 90 }), true);
  assert.equal(late({ exp: undefined, iat: at - 301 }), false);
  assert.equal(late({ exp: undefined, iat: at - 400, nbf: undefined }), true);
  assert.equal(late({ nbf: at + 3600 }), true, 'not good yet');
  assert.equal(late({ iat: at + 3600 }), true);
  const malformed: Record<string, unknown>[] = [
    { sub: undefined },
    { sub: '' },
    { sub: 5 },
    { sub: 'x'.repeat(256) },
    { sub: 'a\0b' },
    { sub: number },
    { event: undefined },
    { event: '' },
    { event: ['x'] },
    { iat: undefined },
    { iat: '1592571488' },
    { iat: -1 },
    { iat: 1e12 },
    { exp: 'soon' },
    { nbf: null },
  ];
  for (const changes of malformed) assert.deepEqual(read(changes), { status: 'malformed' }, JSON.stringify(changes));
});

test('what is no such token is malformed, and a token of another form is unknown, not verified', () => {
  const good = payloadOf();
  const read = (body: string) => readRevocationNotice(body, now()).status;
  for (const body of [
    '',
    '.',
    '..',
    'x',
    'x.y',
    'a.b.c.d',
    `${header}.`,
    `.${b64(good)}`,
    `${header}.${b64(good)}=`,
    `${header}.${b64([good])}`,
    `${header}.${b64('text')}`,
    `${b64(null)}.${b64(good)}`,
    `${header}.!${b64(good)}`,
  ]) {
    assert.equal(read(body), 'malformed', body);
  }
  for (const alg of ['RS256', 'HS256', 'NONE', 'None', '', undefined, null, ['none']]) {
    assert.equal(read(`${b64({ alg })}.${b64(good)}`), 'unknown', String(alg));
  }
  assert.equal(read(`${header}.${b64(good)}.c2lnbmF0dXJl`), 'unknown');
  for (const event of ['x'.repeat(61), `REVOKED_${number}`, 'consent.revoked', 'to\nlines', '\0']) {
    assert.equal(read(notice({ event })), 'unknown', event);
  }
});

test('a revocation is stored once, as a hint, and locks nobody out', async () => {
  await using world = await startWithSecret();
  assert.ok((await logIn(world)).code);
  const body = notice({ sub: world.person.sub });
  for (const each of [body, `${body}.`, body]) assert.equal((await post(world, each)).status, 204);
  assert.deepEqual(await stored(world), [{ subject: world.person.sub, event: 'CONSENT_REVOKED', late: false }]);
  const { rows } = await world.db.pool.query('select personnummer_masked from registry.members');
  assert.deepEqual(rows, [{ personnummer_masked: '088372*****' }]);
  const { rows: events } = await world.db.pool.query(
    `select detail from audit.events where event = 'revocation_received'`,
  );
  assert.deepEqual(
    events.map(({ detail }) => [detail.verified, detail.late]),
    [[false, false]],
  );
  assert.ok((await logIn(world)).code, 'a login afterwards stands');
});

test('known and unknown subjects, unknown events, late ones and other forms are answered alike', async () => {
  await using world = await startWithSecret();
  await logIn(world);
  const bodies = [
    notice({ sub: world.person.sub }),
    notice({ sub: 'nobody' }),
    notice({ event: 'SOMETHING_ELSE' }),
    notice({ exp: now() - 3600, iat: now() - 4000, nbf: now() - 4000 }),
    `${notice()}.c2lnbmF0dXJl`,
  ];
  for (const body of bodies) {
    const response = await post(world, body);
    assert.equal(response.status, 204);
    assert.equal(await response.text(), '');
  }
  assert.deepEqual(
    (await stored(world)).map(({ event, late }) => [event, late]),
    [
      ['CONSENT_REVOKED', false],
      ['CONSENT_REVOKED', false],
      ['SOMETHING_ELSE', false],
      ['CONSENT_REVOKED', true],
    ],
  );
});

test('the answers of the contract: 400, 404, 405, 413, 429', async () => {
  await using world = await startWithSecret({ RATE_WEBHOOKS: '20' });
  assert.equal((await post(world, 'nonsense')).status, 400);
  assert.equal((await post(world, '')).status, 400);
  for (const wrong of ['x', `${secret}x`, secret.slice(1), secret.toUpperCase(), '%00', 'a'.repeat(1000)]) {
    assert.equal((await post(world, notice(), { secret: wrong })).status, 404);
  }
  assert.equal((await post(world, notice(), { slug: 'nobody' })).status, 404);
  assert.equal((await fetch(`${world.url}/webhooks/${world.organization.slug}/vipps/${secret}`)).status, 405);
  assert.equal((await post(world, 'x'.repeat(8 * 1024 + 1))).status, 413);
  assert.equal((await post(world, `${notice()}\n${' '.repeat(7_000)}`)).status, 204);
  const statuses: number[] = [];
  for (let count = 0; count < 20; count += 1) statuses.push((await post(world, notice())).status);
  assert.equal(statuses.at(-1), 429);
  const lines = world.logLines.join('');
  for (const text of [secret, 'nonsense', 'c06c4afe']) assert.ok(!lines.includes(text), text);
});

test('a body without a length is limited too', async () => {
  await using world = await startWithSecret();
  const url = new URL(`${world.url}/webhooks/${world.organization.slug}/vipps/${secret}`);
  const status = await new Promise<number>((resolve, reject) => {
    const request = httpRequest(url, { method: 'POST' }, (response) => resolve(response.statusCode ?? 0));
    request.on('error', reject);
    for (let chunk = 0; chunk < 12; chunk += 1) request.write('x'.repeat(1024));
    request.end();
  });
  assert.equal(status, 413);
});

test('an organisation without a secret, or with an empty one, has no webhook', async () => {
  await using world = await startWorld();
  for (const given of ['', secret, 'undefined']) {
    assert.equal((await post(world, notice(), { secret: given })).status, 404);
  }
});

test('an organisation with a secret and without Vipps has no webhook', async () => {
  await using world = await startWithSecret();
  await world.db.pool.query(`update registry.identity_providers set provider = 'bankid'`);
  assert.equal((await post(world, notice())).status, 404);
});

test('while the database is away the provider is told to come again', async () => {
  await using world = await startProxiedWorld(withSecret());
  world.proxy.cut();
  const response = await post(world, notice());
  assert.equal(response.status, 503);
  assert.ok(response.headers.has('retry-after'));
  world.proxy.mend();
  assert.equal((await post(world, notice())).status, 204);
});
