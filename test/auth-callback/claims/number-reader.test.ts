import assert from 'node:assert/strict';
import { test } from 'vitest';
import type { Claims } from '../../../auth-callback/claims/contact-claims.ts';
import { createNumberReader, type NumberSources } from '../../../auth-callback/claims/number-evidence.ts';
import { syntheticNumber, testKeys } from '../../support/samples.ts';
import { providerRow } from '../support/provider-row.ts';

const row = providerRow();
const nowhere: NumberSources = { idToken: {}, userinfo: { status: 'not_asked' }, lookup: { status: 'not_asked' } };
const inUserinfo = (claims: Claims): NumberSources => ({ ...nowhere, userinfo: { status: 'claims', claims } });

test('in production a synthetic number is not accepted', async () => {
  const { sealer, indexer } = testKeys();
  const reader = createNumberReader({ sealer, indexer, synthetic: false });
  const digits = syntheticNumber('1972-03-08');
  const evidence = await reader.read(row, inUserinfo({ nin: digits }));
  assert.deepEqual(evidence, { status: 'absent', reason: 'not_accepted', inconsistency: null });
});

test('a claim that every object has is no claim', async () => {
  const { sealer, indexer } = testKeys();
  const reader = createNumberReader({ sealer, indexer, synthetic: true });
  for (const claim of ['constructor', '__proto__', 'toString']) {
    const found = await reader.read({ ...row, personnummerClaim: claim }, inUserinfo({}));
    assert.deepEqual(found, { status: 'absent', reason: 'not_given', inconsistency: null });
  }
});

test('where capture is off the number is not even looked at', async () => {
  const refuse = () => {
    throw new Error('sealed or indexed');
  };
  const reader = createNumberReader({
    sealer: { seal: refuse },
    indexer: { indexes: refuse, matches: refuse },
    synthetic: true,
  });
  const claims = {
    get nin(): string {
      throw new Error('read');
    },
  };
  const off = { ...row, capture: false, consentScope: 'nin' };
  const expected = { status: 'absent', reason: 'capture_off', inconsistency: null };
  assert.deepEqual(await reader.read(off, { ...inUserinfo(claims), idToken: claims }), expected);
  assert.deepEqual(await reader.readConsented(off, { status: 'claims', claims }), expected);
});

test('only the place that the row names is read, and every other that has the claim must agree', async () => {
  const { sealer, indexer } = testKeys();
  const reader = createNumberReader({ sealer, indexer, synthetic: true });
  const [one, other] = ['08837220093', '17858433347'];
  const said = (nin: string) => ({ status: 'claims', claims: { nin } }) as const;
  const places = ['id_token', 'userinfo', 'introspection', 'tokeninfo'];
  for (const personnummerFrom of places) {
    const isLookup = personnummerFrom === 'introspection' || personnummerFrom === 'tokeninfo';
    const read = (sources: Partial<NumberSources>) =>
      reader.read({ ...row, personnummerFrom }, { ...nowhere, ...sources });
    const everywhere = { idToken: { nin: one }, userinfo: said(one), lookup: said(one) };
    assert.equal((await read(everywhere)).status, 'given', personnummerFrom);
    const differing = { ...everywhere, idToken: { nin: one }, userinfo: said(other) };
    assert.deepEqual(await read(differing), {
      status: 'absent',
      reason: 'inconsistent',
      inconsistency: 'numbers_differ',
    });
    const only = await read(isLookup ? { lookup: said(one) } : everywhere);
    assert.equal(only.status, 'given');
    const elsewhere = personnummerFrom === 'id_token' ? { userinfo: said(one) } : { idToken: { nin: one } };
    assert.deepEqual(await read(elsewhere), { status: 'absent', reason: 'not_given', inconsistency: null });
  }
});
