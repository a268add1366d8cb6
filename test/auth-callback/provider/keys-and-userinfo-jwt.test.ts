import assert from 'node:assert/strict';
import { SignJWT } from 'jose';
import { onTestFinished, test, vi } from 'vitest';
import { inCase } from '../../support/in-case.ts';
import { linkMember } from '../support/bankid.ts';
import { logIn } from '../support/browser.ts';
import { createSigningKey, type SigningKey, signRs256 } from '../support/provider.ts';
import { startWorld, type World } from '../support/world.ts';

test('a rotated key is fetched soon, and tokens with unknown keys do not flood the provider', async () => {
  await using world = await startWorld();
  const { provider } = world;
  assert.equal((await logIn(world)).error, null);
  const next = await createSigningKey('next');
  const unknown = await createSigningKey('unknown');
  const signWith = (key: SigningKey) => {
    provider.makeIdToken = (claims) => signRs256(claims, key);
  };
  provider.keys = [next.publicJwk];
  signWith(next);
  assert.equal((await logIn(world)).error, 'login_failed');
  assert.equal(provider.count('/jwks'), 1, 'a key set of this moment is not fetched again');

  // Only the clock of the programs moves; their timers and the database go on as they were.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 11_000 });
  onTestFinished(() => void vi.useRealTimers());
  assert.equal((await logIn(world)).error, null, 'the first login by the new key is let in');
  assert.equal(provider.count('/jwks'), 2);
  signWith(unknown);
  const floodOf = () => Promise.all(Array.from({ length: 20 }, () => logIn(world)));
  assert.ok((await floodOf()).every(({ error }) => error === 'login_failed'));
  assert.equal(provider.count('/jwks'), 2, 'within ten seconds none is fetched');
  vi.setSystemTime(Date.now() + 11_000);
  assert.ok((await floodOf()).every(({ error }) => error === 'login_failed'));
  assert.equal(provider.count('/jwks'), 3, 'and then one');
  signWith(next);
  assert.equal((await logIn(world)).error, null, 'the flood keeps nobody out');
  assert.equal(provider.count('/jwks'), 3);
});

test('a key that the provider has taken back is good for five minutes at most', async () => {
  await using world = await startWorld();
  const { provider } = world;
  assert.equal((await logIn(world)).error, null);
  const next = await createSigningKey('next');
  provider.keys = [next.publicJwk];
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 301_000 });
  onTestFinished(() => void vi.useRealTimers());
  assert.equal((await logIn(world)).error, 'login_failed');
});

async function answerWithJwt(world: World, key: SigningKey, changes: Record<string, unknown> = {}): Promise<void> {
  const { provider, person } = world;
  provider.metadata = (whole) => ({ ...whole, userinfo_signing_alg_values_supported: ['RS256', 'none'] });
  const jwt = await new SignJWT({ sub: person.sub, iss: provider.issuer, ...person.userinfo, ...changes })
    .setProtectedHeader({ alg: 'RS256', kid: provider.key.kid })
    .sign(key.privateKey);
  provider.respond.set('/userinfo', (_, response) => {
    response.writeHead(200, { 'content-type': 'application/jwt' }).end(jwt);
  });
}

test('signed userinfo is used when its signature verifies', async () => {
  await using world = await startWorld();
  await answerWithJwt(world, world.provider.key);
  assert.equal((await logIn(world)).error, null);
  assert.equal((await world.observations())[0]?.outcome, 'filled');
});

test('signed userinfo with a broken signature is not used', async () => {
  await using world = await startWorld();
  await linkMember(world, world.person.sub);
  await answerWithJwt(world, await createSigningKey('other'));
  await logIn(world);
  const [row] = await world.observations();
  assert.deepEqual([row?.absent_reason, row?.email], ['not_given', null]);
});

test('signed userinfo of another issuer, for another client or about another person is not used', async () => {
  const cases: [Record<string, unknown>, string][] = [
    [{ iss: 'https://evil.example/' }, 'not_given'],
    [{ aud: 'another-client' }, 'not_given'],
    [{ exp: 1 }, 'not_given'],
    [{ sub: 'somebody-else' }, 'inconsistent'],
  ];
  for (const [changes, reason] of cases) {
    await inCase(Object.keys(changes).join(), async () => {
      await using world = await startWorld();
      await linkMember(world, world.person.sub);
      await answerWithJwt(world, world.provider.key, changes);
      await logIn(world);
      const [row] = await world.observations();
      assert.deepEqual([row?.absent_reason, row?.email, row?.personnummer_index], [reason, null, null]);
    });
  }
});

test('a key rotated just before the first login is the one that is fetched', async () => {
  await using world = await startWorld();
  const next = await createSigningKey('next');
  world.provider.keys = [next.publicJwk];
  world.provider.makeIdToken = (claims) => signRs256(claims, next);
  assert.equal((await logIn(world)).error, null);
});

test('while keys rotate, the old and the new one are good side by side', async () => {
  await using world = await startWorld();
  const next = await createSigningKey('next');
  world.provider.keys = [next.publicJwk, ...world.provider.keys];
  assert.equal((await logIn(world)).error, null);
  world.provider.makeIdToken = (claims) => signRs256(claims, next);
  assert.equal((await logIn(world)).error, null);
  assert.equal(world.provider.count('/jwks'), 1);
});
