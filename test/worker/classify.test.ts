import assert from 'node:assert/strict';
import { test } from 'vitest';
import { type FailureCode, failureResults } from '../../worker/failure.ts';
import { classify, classifyStatus } from '../../worker/member-system/classify.ts';

const plain = { alreadyApplied: false, retryAfter: null, location: null };

const answers: [number, 'delivered' | FailureCode, 'delivered' | 'retry' | 'rejected'][] = [
  [200, 'delivered', 'delivered'],
  [201, 'delivered', 'delivered'],
  [202, 'delivered', 'delivered'],
  [204, 'delivered', 'delivered'],
  [299, 'delivered', 'delivered'],
  [300, 'http_unexpected', 'rejected'],
  [301, 'redirect_refused', 'retry'],
  [302, 'redirect_temporary', 'retry'],
  [303, 'redirect_temporary', 'retry'],
  [304, 'http_unexpected', 'rejected'],
  [307, 'redirect_temporary', 'retry'],
  [308, 'redirect_refused', 'retry'],
  [400, 'http_4xx', 'rejected'],
  [401, 'http_401', 'retry'],
  [403, 'http_403', 'retry'],
  [404, 'http_4xx', 'rejected'],
  [408, 'http_408', 'retry'],
  [409, 'http_409', 'rejected'],
  [410, 'http_4xx', 'rejected'],
  [422, 'http_4xx', 'rejected'],
  [425, 'http_425', 'retry'],
  [429, 'http_429', 'retry'],
  [451, 'http_4xx', 'rejected'],
  [500, 'http_5xx', 'retry'],
  [502, 'http_5xx', 'retry'],
  [503, 'http_5xx', 'retry'],
  [504, 'http_5xx', 'retry'],
  [599, 'http_5xx', 'retry'],
  [600, 'http_unexpected', 'rejected'],
];
for (const [status, verdict, result] of answers) {
  test(`an answer ${status} means ${verdict}, so ${result}`, () => {
    assert.equal(classify({ ...plain, status }), verdict);
    assert.equal(verdict === 'delivered' ? 'delivered' : failureResults[verdict], result);
  });
}

test('a 409 counts as delivered only when it says so', () => {
  assert.equal(classify({ ...plain, status: 409, alreadyApplied: true }), 'delivered');
});

test('a 202 that says where to ask is taken in; without a place to ask it is the last word there will be', () => {
  assert.equal(classify({ ...plain, status: 202, location: '/status/1' }), 'accepted');
  assert.equal(classify({ ...plain, status: 202 }), 'delivered');
});

const statuses: [number, string | null, ReturnType<typeof classifyStatus>][] = [
  [202, null, 'accepted'],
  [202, 'failed', 'acceptance_failed'],
  [200, null, 'delivered'],
  [200, 'succeeded', 'delivered'],
  [200, 'Running', 'accepted'],
  [200, 'In progress', 'accepted'],
  [200, 'rejected', 'acceptance_failed'],
  [204, null, 'delivered'],
  [303, null, 'delivered'],
  [301, null, 'redirect_refused'],
  [302, null, 'redirect_temporary'],
  [304, null, 'acceptance_failed'],
  [307, null, 'redirect_temporary'],
  [401, null, 'http_401'],
  [404, null, 'status_lost'],
  [410, null, 'status_lost'],
  [429, null, 'http_429'],
  [503, null, 'http_5xx'],
  [400, null, 'acceptance_failed'],
];
for (const [status, word, verdict] of statuses) {
  test(`a status URL that answers ${status} ${word ?? 'without a word'} means ${verdict}`, () => {
    assert.equal(classifyStatus(status, word), verdict);
  });
}

test('every code fits the column it is stored in', () => {
  for (const code of Object.keys(failureResults)) assert.match(code, /^[a-z0-9_]{1,60}$/);
});
