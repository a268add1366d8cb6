import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNumberReader } from '../../../auth-callback/claims/number-evidence.ts';
import type { ProviderRow } from '../../../auth-callback/provider/provider-row.ts';
import { syntheticNumber, testKeys } from '../../support/samples.ts';

const row: ProviderRow = {
  ...{
    organizationId: '',
    organization: 'nhf',
    organizationName: 'NHF',
    provider: 'vipps',
    issuer: 'https://p.example/',
  },
  ...{ clientId: 'c', clientSecretEnv: null, tokenEndpointAuthMethod: 'none', scopes: [], authorizationParams: {} },
  ...{ idTokenSignedResponseAlg: 'RS256', personnummerFrom: 'userinfo', personnummerClaim: 'nin', consentMode: 'none' },
  ...{ consentScope: null, minimumAcr: null, capture: true, returnTo: [] },
};

test('in production a synthetic number is not accepted', async () => {
  const { sealer, indexer } = testKeys();
  const reader = createNumberReader({ sealer, indexer, synthetic: false });
  const digits = syntheticNumber('1972-03-08');
  const evidence = await reader.read(row, {}, { status: 'claims', claims: { nin: digits } });
  assert.deepEqual(evidence, { status: 'absent', reason: 'not_accepted', inconsistency: null });
});

test('a claim that every object has is no claim', async () => {
  const { sealer, indexer } = testKeys();
  const reader = createNumberReader({ sealer, indexer, synthetic: true });
  for (const claim of ['constructor', '__proto__', 'toString']) {
    const found = await reader.read({ ...row, personnummerClaim: claim }, {}, { status: 'claims', claims: {} });
    assert.deepEqual(found, { status: 'absent', reason: 'not_given', inconsistency: null });
  }
});

test('where capture is off, or consent is needed, the number is not even looked at', async () => {
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
  const table: [Partial<ProviderRow>, string][] = [
    [{ capture: false }, 'capture_off'],
    [{ consentMode: 'own' }, 'not_consented'],
    [{ consentMode: 'provider' }, 'not_consented'],
  ];
  for (const [changes, reason] of table) {
    const evidence = await reader.read({ ...row, ...changes }, claims, { status: 'claims', claims });
    assert.deepEqual(evidence, { status: 'absent', reason, inconsistency: null });
  }
});
