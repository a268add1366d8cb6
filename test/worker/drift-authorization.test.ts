import assert from 'node:assert/strict';
import { test } from 'vitest';
import { createGuardedFetch } from '../../runtime/guarded-fetch.ts';
import type { DriftReport } from '../../worker/database-rows.ts';
import { compareDrift } from '../../worker/drift.ts';
import { createAccessTokens } from '../../worker/member-system/access-tokens.ts';
import { createAuthorize } from '../../worker/member-system/authorization.ts';
import { sampleNumbers, testKeys } from '../support/samples.ts';
import { json, listen } from './support/listen.ts';

/** A member system that hands out tokens, and withdraws the first one. */
async function withdrawingSystem(taken: (token: number) => boolean) {
  let tokens = 0;
  const server = await listen((request, response) => {
    if (request.url === '/token') {
      tokens += 1;
      return json(response, 200, { access_token: `token-${tokens}`, token_type: 'Bearer', expires_in: 3600 });
    }
    if (!taken(Number(request.headers.authorization?.split('-')[1]))) return json(response, 401, {});
    return json(response, 200, { personnummer: sampleNumbers[0] });
  });
  return { ...server, tokens: () => tokens };
}

async function compareWith(url: string) {
  const fetch = createGuardedFetch({ deployment: 'local', timeoutMs: 2_000, maxBytes: 4096 });
  const accessTokens = createAccessTokens({ fetch, allowsPlainHttp: true });
  const row = (nth: number) => ({
    member_id: `22222222-2222-4222-8222-22222222222${nth}`,
    organization_id: '11111111-1111-4111-8111-111111111111',
    external_id: String(nth),
    personnummer_index: null,
    sent: false,
    sent_index: null,
    has_case: false,
    member_system: {
      kind: 'http',
      method: 'PUT',
      url_template: `${url}/members/{external_id}`,
      timeout_ms: 1_000,
      body_template: {},
      read_url_template: `${url}/members/{external_id}`,
      read_pointer: '/personnummer',
      auth: 'oauth2_client_credentials',
      token_url: `${url}/token`,
      client_id: 'worker',
      secret_env: 'MEMBER_SYSTEM_SECRET',
      scope: null,
      username: null,
      receiver_key: null,
    },
  });
  const reports: DriftReport[] = [];
  const page = compareDrift('nhf', null, Number.POSITIVE_INFINITY, {
    database: {
      driftPage: async () => [row(1), row(2)],
      reportDrift: async (report) => reports.push(report) > 0,
    },
    authorize: createAuthorize({ secrets: new Map([['MEMBER_SYSTEM_SECRET', 's3cret']]), accessTokens }),
    indexer: testKeys().indexer,
    fetch,
    signal: new AbortController().signal,
  });
  return { counts: (await page).counts, reports };
}

test('a token that the member system no longer takes is forgotten, and one fresh one is tried', async () => {
  await using system = await withdrawingSystem((token) => token > 1);
  const { counts, reports } = await compareWith(system.url);
  assert.deepEqual([counts.another, counts.failed, system.tokens()], [2, 0, 2]);
  assert.equal(reports[0]?.live_indexes.length, 1, 'every version of the index goes to the database');
});

test('credentials that are refused altogether cost one fresh token a member, and no more', async () => {
  await using system = await withdrawingSystem(() => false);
  const { counts } = await compareWith(system.url);
  assert.deepEqual([counts.failed, system.tokens()], [2, 3]);
});
