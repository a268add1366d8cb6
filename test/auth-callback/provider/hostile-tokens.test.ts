import assert from 'node:assert/strict';
import { test } from 'vitest';
import { inCase } from '../../support/in-case.ts';
import { bankidPerson, bankidWorld, linkMember } from '../support/bankid.ts';
import { comeBack, logIn, start } from '../support/browser.ts';
import { acceptedTokens, claimCases } from '../support/claim-cases.ts';
import { es256Cases } from '../support/es256-cases.ts';
import { headerCases } from '../support/header-cases.ts';
import type { Person } from '../support/provider.ts';
import { signatureCases } from '../support/signature-cases.ts';
import { tokenResponseCases } from '../support/token-response-cases.ts';
import { number, startWorld, startWorlds, type World } from '../support/world.ts';

test('what does not verify is refused: nothing of userinfo is asked, nothing is recorded', async () => {
  const cases = [...signatureCases, ...headerCases, ...claimCases, ...tokenResponseCases];
  await using worlds = await startWorlds(cases.map(() => ({})));
  for (const [at, { name, code, spoil }] of cases.entries()) {
    await inCase(name, async () => {
      const world = worlds[at] as World;
      await spoil(world.provider);
      const logged = world.logLines.length;
      const login = await logIn(world, { ...world.person, idToken: { nin: number } });
      const lines = world.logLines.slice(logged);
      const finished = lines.find((line) => line.includes('login_finished')) ?? '{}';
      assert.equal(JSON.parse(finished).code, code);
      assert.ok(!lines.join('').includes(number));
      assert.deepEqual([login.status, login.error, login.code], [302, 'login_failed', null]);
      assert.equal(login.location?.searchParams.get('state'), login.appState);
      assert.deepEqual([...(login.location?.searchParams.keys() ?? [])].sort(), ['error', 'iss', 'state']);
      assert.equal(world.provider.count('/token'), 1);
      assert.equal(world.provider.count('/userinfo') + world.provider.count('/elsewhere'), 0);
      assert.equal((await world.observations()).length, 0);
    });
  }
});

test('signatures of ES256 that are none are refused, and one of another algorithm too', async () => {
  await using worlds = await startWorlds(es256Cases.map(() => bankidWorld));
  for (const [at, [name, spoil]] of es256Cases.entries()) {
    await inCase(name, async () => {
      const world = worlds[at] as World;
      await linkMember(world);
      await spoil(world.provider);
      assert.equal((await logIn(world, bankidPerson())).error, 'login_failed');
      assert.equal((await world.observations()).length, 0);
    });
  }
});

test('what verifies is accepted', async () => {
  await using worlds = await startWorlds(acceptedTokens.map(() => ({})));
  for (const [at, { name, spoil }] of acceptedTokens.entries()) {
    await inCase(name, async () => {
      const world = worlds[at] as World;
      await spoil(world.provider);
      const login = await logIn(world);
      assert.deepEqual([login.status, login.error], [302, null]);
      assert.equal((await world.observations()).length, 1);
    });
  }
});

test('the issuer parameter of the answer must be the issuer, before any token request', async () => {
  await using world = await startWorld();
  for (const iss of ['https://evil.example/', world.provider.issuer.slice(0, -1), '']) {
    const started = await start(world);
    const address = world.provider.authorize(started.address, world.person);
    address.searchParams.set('iss', iss);
    assert.equal((await comeBack(world, address, started.cookie)).error, 'login_failed');
  }
  assert.equal(world.provider.count('/token'), 0);
  const started = await start(world);
  const address = world.provider.authorize(started.address, world.person);
  address.searchParams.set('iss', world.provider.issuer);
  assert.equal((await comeBack(world, address, started.cookie)).error, null);
});

test('where the provider announces the issuer parameter, an answer without it is refused', async () => {
  await using world = await startWorld();
  world.provider.metadata = (whole) => ({ ...whole, authorization_response_iss_parameter_supported: true });
  const login = await logIn(world);
  assert.equal(login.error, 'login_failed');
  assert.equal(world.provider.count('/token'), 0);
});

test('a level of assurance below the minimum of the row, or none, is refused', async () => {
  await using world = await startWorld({ providerRow: { minimum_acr: 'idporten-loa-substantial' } });
  const withAcr = (acr: string | undefined): Person => ({ ...world.person, idToken: { acr } });
  assert.equal((await logIn(world, withAcr('idporten-loa-low'))).error, 'login_failed');
  assert.equal((await logIn(world, withAcr(undefined))).error, 'login_failed');
  assert.equal((await world.observations()).length, 0);
  assert.equal((await logIn(world, withAcr('Level4'))).error, null);
  assert.equal((await world.observations())[0]?.acr, 'Level4');
});
