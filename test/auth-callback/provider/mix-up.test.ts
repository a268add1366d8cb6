import assert from 'node:assert/strict';
import { test } from 'vitest';
import { inCase } from '../../support/in-case.ts';
import { comeBack, type Ended, start } from '../support/browser.ts';
import type { TestProvider } from '../support/provider.ts';
import { startWorld, type World } from '../support/world.ts';

// RFC 9700 section 4.4: an answer of one provider is passed off as another's. All three speak the same protocol here, so
// that nothing but our own checks keeps them apart.

const names = ['vipps', 'bankid', 'idporten'] as const;
const row = { personnummer_from: 'userinfo', personnummer_claim: 'nin', client_secret_env: 'OIDC_TEST_CLIENT_SECRET' };
const options = { more: names.slice(1).map((provider) => ({ ...row, provider, client_id: `client-at-${provider}` })) };

type Mixed = { world: World; providers: Map<string, TestProvider>; from: string; to: string };

/** Each row: a login begun at `from`, an answer of `to`. */
const attacks: [string, (mixed: Mixed) => Promise<Ended>, expected: string][] = [
  ['its code at our address for the other one', (mixed) => attack(mixed, { code: 'theirs', path: 'theirs' }), 'page'],
  ['our code at our address for the other one', (mixed) => attack(mixed, { code: 'ours', path: 'theirs' }), 'page'],
  ['its code, named as its own', (mixed) => attack(mixed, { code: 'theirs', path: 'ours', iss: true }), 'login_failed'],
  ['our code, named as its own', (mixed) => attack(mixed, { code: 'ours', path: 'ours', iss: true }), 'login_failed'],
  ['its code, without a name', (mixed) => attack(mixed, { code: 'theirs', path: 'ours' }), 'asked'],
];

test('no pair of providers can be mixed up, with and without the issuer in the answer', async () => {
  await using world = await startWorld(options);
  const providers = new Map(
    names.map((name, at) => [name as string, [world.provider, ...world.more][at] as TestProvider]),
  );
  for (const from of names) {
    for (const to of names.filter((name) => name !== from)) {
      for (const [name, act, expected] of attacks) {
        await inCase(`${from} answered by ${to}: ${name}`, async () => {
          for (const each of providers.values()) each.requests.length = 0;
          const ended = await act({ world, providers, from, to });
          if (expected === 'page') assert.deepEqual([ended.status, ended.location], [400, undefined]);
          else assert.deepEqual([ended.status, ended.error], [302, 'login_failed']);
          // Nothing of one provider's ever goes to another; only a provider that knows no such code may hear of it.
          for (const [each, provider] of providers) {
            const mayBeAsked = each === from && expected === 'asked' ? 1 : 0;
            assert.equal(provider.count('/token'), mayBeAsked, `token requests to ${each}`);
            assert.equal(provider.count('/userinfo'), 0);
          }
          assert.equal((await world.observations()).length, 0);
        });
      }
    }
  }
});

async function attack(
  { world, providers, from, to }: Mixed,
  how: { code: 'ours' | 'theirs'; path: 'ours' | 'theirs'; iss?: boolean },
): Promise<Ended> {
  const [ours, theirs] = [providers.get(from), providers.get(to)] as [TestProvider, TestProvider];
  const started = await start(world, { provider: from });
  const elsewhere = await start(world, { provider: to });
  const good = ours.authorize(started.address, world.person);
  const code = theirs.authorize(elsewhere.address, world.person).searchParams.get('code') ?? '';
  if (how.code === 'theirs') good.searchParams.set('code', code);
  if (how.path === 'theirs') good.pathname = good.pathname.replace(from, to);
  if (how.iss) good.searchParams.set('iss', theirs.issuer);
  return comeBack(world, good, `${started.cookie}; ${elsewhere.cookie}`);
}

test('one provider with the tokens of another: the issuer and the keys do not fit', async () => {
  await using world = await startWorld(options);
  const [other] = world.more as [TestProvider];
  const started = await start(world);
  // The attacker runs the first provider, and hands out a token that the second one made for us.
  world.provider.claims = (claims) => ({ ...claims, iss: other.issuer, aud: ['client-at-bankid'] });
  world.provider.makeIdToken = other.makeIdToken;
  const ended = await comeBack(world, world.provider.authorize(started.address, world.person), started.cookie);
  assert.equal(ended.error, 'login_failed');
  assert.equal((await world.observations()).length, 0);
});

test('the same subject at two providers is two logins', async () => {
  await using world = await startWorld(options);
  const [other] = world.more as [TestProvider];
  const first = await start(world);
  await comeBack(world, world.provider.authorize(first.address, world.person), first.cookie);
  const stranger = { sub: world.person.sub, userinfo: { given_name: 'Ola', family_name: 'Hansen' } };
  const second = await start(world, { provider: 'bankid' });
  const ended = await comeBack(world, other.authorize(second.address, stranger), second.cookie);
  assert.equal(ended.error, 'member_not_found');
});

test('the outage of one provider leaves the others working, at the start and later', async () => {
  const all: TestProvider[] = [];
  await using world = await startWorld({
    ...options,
    prepare: (provider) => {
      if (all.push(provider) === 1) provider.respond.set('/.well-known/openid-configuration', () => undefined);
    },
  });
  const waiting = start(world);
  const [bankid, idporten] = world.more as [TestProvider, TestProvider];
  for (const [name, provider] of [['bankid', bankid] as const, ['idporten', idporten] as const]) {
    const started = await start(world, { provider: name });
    const ended = await comeBack(world, provider.authorize(started.address, world.person), started.cookie);
    assert.ok(ended.code, name);
  }
  bankid.respond.set('/token', (_, response) => void response.destroy());
  const broken = await start(world, { provider: 'bankid' });
  const failed = await comeBack(world, bankid.authorize(broken.address, world.person), broken.cookie);
  assert.equal(failed.error, 'temporarily_unavailable');
  const works = await start(world, { provider: 'idporten' });
  assert.ok((await comeBack(world, idporten.authorize(works.address, world.person), works.cookie)).code);
  await world.provider[Symbol.asyncDispose]();
  assert.equal((await waiting).address.searchParams.get('error'), 'temporarily_unavailable');
});
