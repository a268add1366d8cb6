import assert from 'node:assert/strict';
import { test } from 'vitest';
import { meetsMinimumAcr } from '../../../auth-callback/provider/id-token-checks.ts';

test('levels are compared in the order of ID-porten, under their present and former names', () => {
  const ordered = [['idporten-loa-low'], ['idporten-loa-substantial', 'Level3'], ['idporten-loa-high', 'Level4']];
  for (const [needed, minimums] of ordered.entries()) {
    for (const [reached, acrs] of ordered.entries()) {
      for (const minimum of minimums) {
        for (const acr of acrs) assert.equal(meetsMinimumAcr(acr, minimum), reached >= needed, `${acr} for ${minimum}`);
      }
    }
  }
});

test('a level nobody has ordered must be met exactly', () => {
  assert.equal(meetsMinimumAcr('urn:vipps:acr:app_auth', 'urn:vipps:acr:app_auth'), true);
  assert.equal(meetsMinimumAcr('Level4', 'urn:vipps:acr:app_auth'), false);
  assert.equal(meetsMinimumAcr('constructor', 'toString'), false);
  for (const acr of [undefined, null, 4, ['Level4']]) assert.equal(meetsMinimumAcr(acr, 'Level3'), false);
});
