import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'vitest';
import { linkMember } from '../support/bankid.ts';
import { logIn } from '../support/browser.ts';
import { databaseText } from '../support/database-text.ts';
import { json, type Person } from '../support/provider.ts';
import { number, startWorld } from '../support/world.ts';

const claimNames = [
  'sub',
  'given_name',
  'family_name',
  'birthdate',
  'phone_number',
  'phone_number_verified',
  'email',
  'email_verified',
  'nin',
  'pid',
  'nnin',
  'acr',
  'amr',
  'auth_time',
  'iat',
  'exp',
  'nbf',
  'aud',
  'azp',
  'iss',
  'nonce',
  'at_hash',
  '__proto__',
  'constructor',
  'toString',
];

/** The number, in every dress that somebody may have put it in. */
const dressed = fc.constantFrom(
  number,
  ` ${number}`,
  `${number}\n`,
  `${number.slice(0, 6)} ${number.slice(6)}`,
  `${number.slice(0, 6)}-${number.slice(6)}`,
  `x${number}y`,
  `${number}@example.no`,
  `+${number}`,
  `kari.${number}`,
  `{"nin":"${number}"}`,
  `'; ${number} --`,
);
const value = fc.oneof(
  dressed,
  fc.jsonValue({ maxDepth: 2 }),
  fc.string({ unit: 'binary', maxLength: 50 }),
  fc.string({ maxLength: 5_000 }),
  fc.array(dressed, { maxLength: 2 }),
  fc.constantFrom(0, -1, 1e308, Number(number), true, null, '', '\0', '\ud800', 'a\u202eb'),
);
const claims = fc.dictionary(fc.constantFrom(...claimNames), value, { maxKeys: 6 });

const withoutNumber = (text: string) => {
  for (const written of [
    number,
    `${number.slice(0, 6)} ${number.slice(6)}`,
    `${number.slice(0, 6)}-${number.slice(6)}`,
  ]) {
    assert.ok(!text.includes(written));
  }
};

test('whatever a provider says of a person, there is an answer for the app, and no number in clear anywhere', async () => {
  await using world = await startWorld();
  await linkMember(world, world.person.sub);
  let slowest = 0;
  await fc.assert(
    fc.asyncProperty(claims, claims, async (idToken, userinfo) => {
      const person: Person = { sub: world.person.sub, idToken, userinfo };
      const startedAt = performance.now();
      const login = await logIn(world, person);
      slowest = Math.max(slowest, performance.now() - startedAt);
      assert.equal(login.status, 302);
      assert.ok(login.code !== null || login.error !== null);
      withoutNumber(login.location?.href ?? '');
    }),
    { numRuns: 150 },
  );
  withoutNumber(await databaseText(world));
  withoutNumber(world.logLines.join(''));
  assert.ok(slowest < 3_000, `${slowest} ms`);
});

test('whatever introspection says, there is an answer, and no number in clear anywhere', async () => {
  await using world = await startWorld({
    providerRow: { personnummer_from: 'introspection', scopes: ['openid'] },
    prepare: (provider) => {
      provider.metadata = (whole) => ({ ...whole, introspection_endpoint: `${provider.issuer}introspect` });
    },
  });
  await linkMember(world, world.person.sub);
  const answer = fc.oneof(
    fc.jsonValue(),
    claims,
    fc.record({ active: fc.oneof(fc.constant(true), value), nin: value }),
  );
  await fc.assert(
    fc.asyncProperty(answer, async (body) => {
      world.provider.respond.set('/introspect', (_, response) => json(response, 200, body));
      const login = await logIn(world);
      assert.equal(login.status, 302);
    }),
    { numRuns: 60 },
  );
  withoutNumber(await databaseText(world));
  withoutNumber(world.logLines.join(''));
});

test('a token that was tampered with anywhere is no login', async () => {
  await using world = await startWorld();
  const good = world.provider.makeIdToken;
  const edit = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    remove: fc.nat({ max: 40 }),
    insert: fc.oneof(fc.string({ maxLength: 20 }), fc.base64String({ maxLength: 20 }), fc.constant('.')),
  });
  await fc.assert(
    fc.asyncProperty(edit, async ({ at, remove, insert }) => {
      let same = false;
      world.provider.makeIdToken = async (payload, key) => {
        const jwt = await good(payload, key);
        const from = Math.floor(at * jwt.length);
        const changed = jwt.slice(0, from) + insert + jwt.slice(from + remove);
        same = changed === jwt;
        return changed;
      };
      const login = await logIn(world);
      assert.equal(login.status, 302);
      assert.equal(login.error, same ? null : 'login_failed');
    }),
    { numRuns: 120 },
  );
});
