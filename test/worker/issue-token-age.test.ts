import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { UnsecuredJWT } from 'jose';
import { test } from 'vitest';
import { createIndexer } from '../../personnummer/blind-index.ts';
import type { Jwk } from '../../personnummer/keys.ts';
import { createUnsealer } from '../../personnummer/unseal.ts';
import { createGuardedFetch } from '../../runtime/guarded-fetch.ts';
import type { InvoiceClaim } from '../../worker/database-rows.ts';
import { createInvoiceService } from '../../worker/invoices/invoice-service.ts';
import { createIssue, newRun } from '../../worker/invoices/issue.ts';
import { createAccessTokens } from '../../worker/member-system/access-tokens.ts';
import { json, listen } from './support/listen.ts';

// An issue-token is used within fifteen minutes of being asked for, and not after its own `exp`, whenever in a run that moment comes. The clock
// is the test's; the requests are real.

const minute = 60_000;
const start = Date.parse('2026-11-29T12:00:00Z');

/** At which moments of an invoice time can pass. */
type Moment = 'look-up is answered' | 'access token is asked for' | 'invoice is refused with 401';

interface Given {
  /** How long a token lives by its own word, in milliseconds; null: it does not say; opaque: it is no JWT. */
  readonly life?: number | null | 'opaque';
  readonly passes?: Partial<Record<Moment, number>>;
}

/** An invoice service that lets time pass, and what reached it. */
async function atService({ life = null, passes = {} }: Given) {
  let now = start;
  let given = 0;
  const seen: string[] = [];
  const pass = (moment: Moment) => {
    now += passes[moment] ?? 0;
  };
  const tokenNow = () => {
    given += 1;
    if (life === 'opaque') return `opaque-${given}`;
    const claims = { nth: given, ...(life !== null && { exp: Math.floor((now + life) / 1_000) }) };
    return new UnsecuredJWT(claims).encode();
  };
  let refuses = passes['invoice is refused with 401'] !== undefined;
  const server = await listen((request, response) => {
    if (request.url === '/token') {
      pass('access token is asked for');
      return json(response, 200, { access_token: `a${seen.length}`, token_type: 'Bearer', expires_in: '3600' });
    }
    seen.push(request.method === 'POST' ? 'look-up' : 'invoice');
    if (request.method === 'POST') {
      const issueToken = tokenNow();
      pass('look-up is answered');
      return json(response, 200, { issueToken });
    }
    if (!refuses) return json(response, 200, {});
    refuses = false;
    pass('invoice is refused with 401');
    return json(response, 401, {});
  });

  const fetch = createGuardedFetch({ deployment: 'local', timeoutMs: 2_000, maxBytes: 4096 });
  const pair = generateKeyPairSync('x25519');
  const issue = createIssue({
    unsealer: createUnsealer([{ ...pair.privateKey.export({ format: 'jwk' }), kid: 'k' } as Jwk]),
    indexer: createIndexer([{ version: 'v1', secret: new Uint8Array(randomBytes(32)) }]),
    indexVersions: new Set(['v1']),
    service: createInvoiceService({
      secrets: new Map([['INVOICE_SECRET', 's3cret']]),
      // Its own clock stands still: only the issue-token grows older.
      accessTokens: createAccessTokens({ fetch, allowsPlainHttp: true }),
      fetch,
      deployment: 'local',
    }),
    now: () => now,
  });
  const run = newRun();
  const attempt = {
    signal: new AbortController().signal,
    assertHeld: () => undefined,
    beginLookUp: async () => true,
  };
  return {
    seen,
    /** Time passes between two invoices of a run. */
    wait: (ms: number) => {
      now += ms;
    },
    /** The next invoice of the same recipient, in the same run. */
    issueNext: (changes: Partial<InvoiceClaim> = {}) => issue({ ...claimAt(server.url), ...changes }, run, attempt),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function claimAt(url: string): InvoiceClaim {
  return {
    invoice_id: '33333333-3333-4333-8333-333333333333',
    worker_id: 'worker-1',
    fencing_token: '1',
    attempt: 1,
    organization_id: '11111111-1111-4111-8111-111111111111',
    organization: 'nhf',
    member_id: '22222222-2222-4222-8222-222222222222',
    issuer: {
      id: '44444444-4444-4444-8444-444444444444',
      organization_number: '999999999',
      account_number: '99990000022',
      interface: 'v2',
      base_url: url,
      access_token_url: `${url}/token`,
      client_id: 'nhf',
      client_secret_env: 'INVOICE_SECRET',
      authorization_scheme: 'VippsAccessToken',
      token_place: 'header',
      token_name: 'Issue-Token',
      issue_path: '/v2/invoices/{invoice_id}',
      timeout_ms: 2_000,
    },
    invoice: {
      invoice_number: 'F-1',
      amount_ore: 45_000,
      due_date: '2099-12-31',
      kid: '12345674',
      document_reference: null,
      description: 'Medlemskontingent',
    },
    overdue: false,
    given_name: 'Ola',
    family_name: 'Nordmann',
    phone: '+4799912345',
    email: 'ola@example.org',
    birth_date: null,
    personnummer_sealed: null,
    personnummer_index: null,
    lease_ms: 15_000,
  };
}

const quarter = 15 * minute;
const cases: [says: string, given: Given, isIssued: boolean][] = [
  ['a millisecond before fifteen minutes', { passes: { 'look-up is answered': quarter - 1 } }, true],
  ['after fifteen minutes', { passes: { 'look-up is answered': quarter } }, false],
  [
    'after fifteen minutes, although it says an hour of itself',
    { life: 60 * minute, passes: { 'look-up is answered': quarter } },
    false,
  ],
  [
    'after fifteen minutes, of a token that cannot be read',
    { life: 'opaque', passes: { 'look-up is answered': quarter } },
    false,
  ],
  [
    'within fifteen minutes, of a token that cannot be read',
    { life: 'opaque', passes: { 'look-up is answered': quarter - 1 } },
    true,
  ],
  ['before its own exp', { life: 5 * minute, passes: { 'look-up is answered': 5 * minute - 1 } }, true],
  ['at its own exp', { life: 5 * minute, passes: { 'look-up is answered': 5 * minute } }, false],
];

test.each(cases)('between asking and issuing, %s', async (_says, given, isIssued) => {
  await using service = await atService(given);
  const end = await service.issueNext();
  assert.deepEqual(service.seen, isIssued ? ['look-up', 'invoice'] : ['look-up']);
  assert.deepEqual([end.result, end.errorCode], isIssued ? ['issued', null] : ['retry', 'issue_token_expired']);
});

test('a token that runs out while a new access token is fetched does not leave a second time', async () => {
  for (const life of [null, 14 * minute]) {
    await using service = await atService({ life, passes: { 'invoice is refused with 401': quarter } });
    const end = await service.issueNext();
    assert.deepEqual(service.seen, ['look-up', 'invoice'], 'once, when it was good');
    assert.deepEqual([end.result, end.errorCode], ['retry', 'issue_token_expired']);
  }
  await using service = await atService({ passes: { 'invoice is refused with 401': quarter - 1 } });
  assert.equal((await service.issueNext()).result, 'issued');
  assert.deepEqual(service.seen, ['look-up', 'invoice', 'invoice']);
});

test('time before it was asked for does not count: an access token that took long', async () => {
  await using service = await atService({ life: 5 * minute, passes: { 'access token is asked for': 4 * minute } });
  assert.equal((await service.issueNext()).result, 'issued');
});

test('the next invoice of a run uses the same token while it is good, and asks anew when its time is over', async () => {
  for (const [life, good] of [
    [null, quarter - 1],
    [5 * minute, 5 * minute - 1],
  ] as const) {
    await using service = await atService({ life });
    assert.equal((await service.issueNext()).result, 'issued');
    service.wait(good);
    assert.equal((await service.issueNext()).result, 'issued');
    assert.deepEqual(service.seen, ['look-up', 'invoice', 'invoice']);
    service.wait(1);
    assert.equal((await service.issueNext()).result, 'issued');
    assert.deepEqual(service.seen, ['look-up', 'invoice', 'invoice', 'look-up', 'invoice']);
  }
});

test('an attempt that failed for its age keeps nothing: the next one asks anew', async () => {
  const passes = { 'look-up is answered': quarter };
  await using service = await atService({ passes });
  assert.equal((await service.issueNext()).errorCode, 'issue_token_expired');
  passes['look-up is answered'] = 0;
  assert.equal((await service.issueNext()).result, 'issued');
  assert.deepEqual(service.seen, ['look-up', 'look-up', 'invoice']);
});

test('it is of one recipient and one issuer: neither another member nor other contact data share it', async () => {
  await using service = await atService({});
  await service.issueNext();
  await service.issueNext({ member_id: '55555555-5555-4555-8555-555555555555' });
  await service.issueNext({ member_id: '55555555-5555-4555-8555-555555555555', email: 'other@example.org' });
  assert.deepEqual(service.seen, ['look-up', 'invoice', 'look-up', 'invoice', 'look-up', 'invoice']);
});
