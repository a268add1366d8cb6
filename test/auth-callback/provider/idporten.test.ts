import assert from 'node:assert/strict';
import { test } from 'vitest';
import { inCase } from '../../support/in-case.ts';
import { syntheticNumber } from '../../support/samples.ts';
import { linkMember } from '../support/bankid.ts';
import { logIn } from '../support/browser.ts';
import { base, evidenceOf, inToken, kari, logInLinked, sub } from '../support/idporten.ts';
import { number, startWorld } from '../support/world.ts';

test('pid comes in the ID token of an ordinary login, and D-numbers are numbers', async () => {
  const dNumber = '52829431130';
  for (const [name, pid, masked] of [
    ['a personnummer', number, '088372*****'],
    ['a D-number', dNumber, '528294*****'],
  ]) {
    await inCase(name ?? '', async () => {
      await using world = await startWorld({ providerRow: inToken, member: { birth_date: null } });
      const login = await logInLinked(world, kari({ pid, given_name: undefined }));
      assert.ok(login.code);
      assert.deepEqual(await evidenceOf(world), ['filled', null, masked]);
    });
  }
});

test('the level of assurance is checked on the token, whatever was asked for', async () => {
  const row = { ...inToken, authorization_params: { acr_values: 'idporten-loa-substantial', ui_locales: 'nb' } };
  await using world = await startWorld({ providerRow: row });
  await linkMember(world, sub);
  for (const acr of ['idporten-loa-low', undefined, ['idporten-loa-high'], 'idporten-loa-High']) {
    const login = await logIn(world, kari({ pid: number, acr }));
    assert.equal(login.address.searchParams.get('acr_values'), 'idporten-loa-substantial');
    assert.equal(login.error, 'login_failed');
  }
  assert.equal((await world.observations()).length, 0);
  for (const acr of ['idporten-loa-substantial', 'Level3', 'Level4', 'idporten-loa-high']) {
    assert.ok((await logIn(world, kari({ pid: number, acr }))).code, acr);
  }
});

test('a login without pid (pseudonymous, a foreign eID) is an ordinary one without a number', async () => {
  await using world = await startWorld({ providerRow: { ...inToken, scopes: ['openid', 'no_pid'] } });
  assert.ok((await logInLinked(world, kari({ amr: ['eIDAS'] }))).code);
  assert.deepEqual(await evidenceOf(world), ['absent', 'not_given', null]);
  assert.ok(world.logLines.every((line) => !/"level":"(warn|error)"/.test(line)));
});

test('userinfo of ID-porten, which holds sub, pid and locale only, serves as well', async () => {
  await using world = await startWorld({ providerRow: { ...base, personnummer_from: 'userinfo' } });
  const pid = syntheticNumber('1972-03-08', 3);
  assert.ok((await logInLinked(world, { ...kari(), userinfo: { pid, locale: 'nb' } })).code);
  assert.equal((await evidenceOf(world))[0], 'filled');
});
