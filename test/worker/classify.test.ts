import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FailureCode, failureResults } from '../../worker/failure.ts';
import { classify } from '../../worker/member-system/classify.ts';

const answers: [number, 'delivered' | FailureCode, 'delivered' | 'retry' | 'rejected'][] = [
  [200, 'delivered', 'delivered'],
  [201, 'delivered', 'delivered'],
  [202, 'delivered', 'delivered'],
  [204, 'delivered', 'delivered'],
  [299, 'delivered', 'delivered'],
  [301, 'redirect_refused', 'rejected'],
  [302, 'redirect_refused', 'rejected'],
  [304, 'redirect_refused', 'rejected'],
  [307, 'redirect_refused', 'rejected'],
  [308, 'redirect_refused', 'rejected'],
  [400, 'http_4xx', 'rejected'],
  [401, 'http_4xx', 'rejected'],
  [403, 'http_4xx', 'rejected'],
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
    assert.equal(classify({ status, alreadyApplied: false }), verdict);
    assert.equal(verdict === 'delivered' ? 'delivered' : failureResults[verdict], result);
  });
}

test('a 409 counts as delivered only when it says so', () => {
  assert.equal(classify({ status: 409, alreadyApplied: true }), 'delivered');
});

test('every code fits the column it is stored in', () => {
  for (const code of Object.keys(failureResults)) assert.match(code, /^[a-z0-9_]{1,60}$/);
});
