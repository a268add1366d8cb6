import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'vitest';
import { authenticationTime, issueTime } from '../../../auth-callback/provider/id-token-checks.ts';
import { inCase } from '../../support/in-case.ts';
import { linkMember } from '../support/bankid.ts';
import { logIn } from '../support/browser.ts';
import { announce, base, kari, logInLinked, say, sub } from '../support/idporten.ts';
import { startWorld, startWorlds, type World } from '../support/world.ts';

const issuedAt = 1_800_000_000;
const year = 366 * 86_400;
const secondsOf = (claim: unknown) => authenticationTime(claim, issuedAt).getTime() / 1000;

test('a time of authentication is taken as it is where a person can have logged in then', () => {
  for (const claim of [issuedAt, issuedAt - 5, issuedAt - 0.5, issuedAt - 30 * 86_400, issuedAt - year + 1]) {
    assert.equal(secondsOf(claim), claim);
  }
});

test('anything else is no time of authentication: the token itself says when it was', () => {
  const claims = [
    undefined,
    null,
    0,
    0.5,
    1,
    -1,
    1e-300,
    86_400,
    issuedAt / 1000,
    issuedAt * 1000,
    issuedAt + 1,
    issuedAt - year,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1e308,
    String(issuedAt),
    [issuedAt],
    { seconds: issuedAt },
    true,
  ];
  for (const claim of claims) assert.equal(secondsOf(claim), issuedAt, JSON.stringify(claim));
});

test('whatever the claim holds, the time is of the last year, and never after the token', () => {
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.double(), fc.integer(), fc.double({ min: 0, max: 2 })), (claim) => {
      for (const seconds of [secondsOf(claim), issueTime(claim, issuedAt)]) {
        assert.ok(seconds <= issuedAt && seconds > issuedAt - year);
      }
    }),
  );
});

async function authenticatedAt(world: World): Promise<number> {
  const rows = await world.observations();
  assert.equal(rows.length, 1);
  return new Date(String(rows[0]?.authenticated_at)).getTime();
}

test('no login is stored as one of 1970', async () => {
  const claims = [0.5, 1, 1e-9, 86_400];
  await using worlds = await startWorlds(claims.map(() => ({})));
  for (const [at, auth_time] of claims.entries()) {
    await inCase(`auth_time ${auth_time} in the ID token`, async () => {
      const world = worlds[at] as World;
      await linkMember(world, world.person.sub);
      world.provider.claims = (whole) => ({ ...whole, auth_time });
      await logIn(world);
      assert.ok(Math.abs((await authenticatedAt(world)) - Date.now()) < 60_000);
    });
  }
  for (const claim of ['iat', 'auth_time']) {
    await inCase(`${claim} 0.5 in introspection, where there is no ID token`, async () => {
      await using world = await startWorld({
        providerRow: { ...base, scopes: ['profile'], personnummer_from: 'introspection' },
        prepare: (provider) => {
          provider.givesIdToken = false;
          announce(provider);
        },
      });
      const { rows } = await world.db.pool.query('select client_id from registry.identity_providers');
      const answer = { active: true, sub, client_id: rows[0].client_id, [claim]: 0.5 };
      world.provider.respond.set('/introspect', say(answer));
      assert.equal((await logInLinked(world, kari())).error, null);
      assert.ok(Math.abs((await authenticatedAt(world)) - Date.now()) < 60_000);
    });
  }
});
