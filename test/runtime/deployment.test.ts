import assert from 'node:assert/strict';
import { test } from 'vitest';
import { deploymentRules } from '../../runtime/deployment.ts';

test('production takes no synthetic number, no http and no private address', () => {
  const expected = { acceptsSynthetic: false, allowsPlainHttp: false, allowsPrivateAddresses: false };
  assert.deepEqual(deploymentRules('production'), expected);
});

test('a test deployment differs from production by the synthetic numbers only', () => {
  const expected = { acceptsSynthetic: true, allowsPlainHttp: false, allowsPrivateAddresses: false };
  assert.deepEqual(deploymentRules('test'), expected);
});

test('only a local deployment may use http and this machine', () => {
  const expected = { acceptsSynthetic: true, allowsPlainHttp: true, allowsPrivateAddresses: true };
  assert.deepEqual(deploymentRules('local'), expected);
});
