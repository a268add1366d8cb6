import assert from 'node:assert/strict';
import { test } from 'vitest';
import { createKeyPair } from '../../../key-tools/new-keys.ts';
import { inCase } from '../../support/in-case.ts';
import { linkSubjectOf, type Place, startPlace } from '../support/whole-login.ts';
import { number } from '../support/world.ts';

const bankid = {
  scopes: ['openid', 'profile', 'nnin_altsub'],
  id_token_signed_response_alg: 'ES256',
  consent_scope: 'nnin',
  personnummer_from: 'id_token',
  personnummer_claim: 'nnin_altsub',
  consent_mode: 'provider',
};
const idporten = {
  scopes: ['openid', 'profile'],
  personnummer_from: 'id_token',
  personnummer_claim: 'pid',
  minimum_acr: 'idporten-loa-high',
  authorization_params: { acr_values: 'idporten-loa-high' },
};

async function lastOf(place: Place) {
  const row = (await place.observations()).at(-1);
  return [row?.outcome, row?.absent_reason, row?.personnummer_masked];
}

/** Somebody whom the provider verifies neither phone nor e-mail of is unknown at first. */
async function linkAtSecondSight(place: Place): Promise<void> {
  assert.deepEqual(await place.logIn(), { status: 'refused', error: 'member_not_found' });
  await linkSubjectOf(place);
}

test('Vipps: userinfo with the bearer token, the member found by phone and e-mail', async () => {
  await using place = await startPlace({ provider: 'vipps', row: {} });
  const login = await place.logIn();
  assert.equal(login.status, 'logged_in');
  assert.deepEqual(await lastOf(place), ['filled', null, '088372*****']);
  assert.ok(!place.logLines.join('').includes(number));
});

test('Vipps with our own consent page', async () => {
  for (const [answer, expected] of [
    ['yes', ['filled', null, '088372*****']],
    ['no', ['absent', 'not_consented', null]],
  ] as const) {
    await inCase(answer, async () => {
      await using place = await startPlace({ provider: 'vipps', row: { consent_mode: 'own' } });
      assert.equal((await place.logIn(answer)).status, 'logged_in');
      assert.deepEqual(await lastOf(place), expected);
    });
  }
});

test('BankID: PKCE, ES256, and consent in a second leg by a pushed request', async () => {
  for (const [answer, expected] of [
    ['yes', ['filled', null, '088372*****']],
    ['no', ['absent', 'not_consented', null]],
  ] as const) {
    await inCase(answer, async () => {
      await using place = await startPlace({ provider: 'bankid', row: bankid });
      await linkAtSecondSight(place);
      assert.equal((await place.logIn(answer)).status, 'logged_in');
      assert.deepEqual(await lastOf(place), expected);
      assert.equal((await place.observations()).length, 2, 'one for each login, not for each leg');
    });
  }
});

test('BankID: the number in the record finds the member', async () => {
  await using place = await startPlace({ provider: 'bankid', row: bankid, member: { personnummer: number } });
  assert.equal((await place.logIn()).status, 'logged_in');
  assert.deepEqual(await lastOf(place), ['confirmed', null, '088372*****']);
});

test('ID-porten: pid in the ID token, at the level asked for', async () => {
  await using place = await startPlace({ provider: 'idporten', row: idporten, member: { personnummer: number } });
  assert.equal((await place.logIn()).status, 'logged_in');
  assert.deepEqual(await lastOf(place), ['confirmed', null, '088372*****']);
  assert.equal((await place.observations())[0]?.acr, 'idporten-loa-high');
});

test('ID-porten: a weaker login than the row’s minimum is refused', async () => {
  await using place = await startPlace({ provider: 'idporten', row: idporten, person: { weakLogin: true } });
  assert.deepEqual(await place.logIn(), { status: 'refused', error: 'login_failed' });
  assert.deepEqual(await place.observations(), []);
});

test('ID-porten: a pseudonymous token is looked up by a client of its own, and one that is not active is refused', async () => {
  const row = {
    scopes: ['openid', 'profile', 'example:members'],
    personnummer_from: 'tokeninfo',
    personnummer_claim: 'pid',
    lookup_client_id: 'lookup',
    lookup_client_secret_env: 'OIDC_LOOKUP',
    lookup_auth_method: 'client_secret_basic',
  };
  const client = { pseudonymousScope: 'example:members', lookup: { clientId: 'lookup', secret: 'lookup secret' } };
  const environment = { OIDC_LOOKUP: 'lookup secret' };
  for (const personnummer_from of ['tokeninfo', 'introspection']) {
    await inCase(personnummer_from, async () => {
      const places = { provider: 'idporten' as const, row: { ...row, personnummer_from }, client, environment };
      await using place = await startPlace({ ...places, member: { personnummer: number } });
      assert.equal((await place.logIn()).status, 'logged_in');
      assert.deepEqual(await lastOf(place), ['confirmed', null, '088372*****']);
      await using other = await startPlace({ ...places, person: { inactiveToken: true } });
      assert.deepEqual(await other.logIn(), { status: 'refused', error: 'login_failed' });
      assert.deepEqual(await other.observations(), []);
    });
  }
});

test('private_key_jwt and client_secret_post are taken by another implementation too', async () => {
  const key = createKeyPair('ec', { alg: 'ES256', use: 'sig' });
  const environment = { OIDC_KEY: JSON.stringify(key.privateKey) };
  await inCase('private_key_jwt', async () => {
    await using place = await startPlace({
      provider: 'bankid',
      environment,
      member: { personnummer: number },
      row: { ...bankid, token_endpoint_auth_method: 'private_key_jwt', client_secret_env: 'OIDC_KEY' },
      client: { proof: { method: 'private_key_jwt', publicKey: key.publicKey } },
    });
    assert.equal((await place.logIn()).status, 'logged_in');
  });
  await inCase('client_secret_post', async () => {
    await using place = await startPlace({
      provider: 'idporten',
      member: { personnummer: number },
      row: { ...idporten, token_endpoint_auth_method: 'client_secret_post' },
      client: { proof: { method: 'client_secret_post', secret: 'secret of the test client' } },
    });
    assert.equal((await place.logIn()).status, 'logged_in');
  });
});
