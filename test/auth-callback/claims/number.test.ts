import assert from 'node:assert/strict';
import { test } from 'vitest';
import { createSecret } from '../../../key-tools/new-keys.ts';
import { inCase } from '../../support/in-case.ts';
import { testKeys } from '../../support/samples.ts';
import { logIn } from '../support/browser.ts';
import { numberCases, other, person } from '../support/number-cases.ts';
import { number, samplePerson, startWorld, startWorlds, type World } from '../support/world.ts';

test('every login is recorded, and the number only where it is beyond doubt', async () => {
  await using worlds = await startWorlds(
    numberCases.map(({ options }) => options ?? {}),
    { PROVIDER_TIMEOUT_MS: '1500' },
  );
  for (const [at, { name, person, respond, absent, logs }] of numberCases.entries()) {
    await inCase(name, async () => {
      const world = worlds[at] as World;
      // Linked before, so that each login proceeds whatever is known of the person this time.
      await link(world);
      if (respond !== undefined) world.provider.respond.set('/userinfo', respond);
      const logged = world.logLines.length;
      const login = await logIn(world, person);
      assert.equal(login.error, null);
      const [row, ...more] = await world.observations();
      assert.equal(more.length, 0);
      assert.deepEqual([row?.absent_reason, row?.inconsistency], absent ?? [null, null]);
      assert.equal(row?.outcome, absent === undefined ? 'filled' : 'absent');
      const kept = [row?.personnummer_index, row?.personnummer_sealed, row?.personnummer_masked];
      if (absent !== undefined) assert.deepEqual(kept, [null, null, null]);
      else await assertSealed(world, kept);
      const lines = world.logLines.slice(logged).join('');
      if (logs !== undefined) assert.ok(lines.includes(logs));
      for (const digits of [number, other, '8837220093']) assert.ok(!lines.includes(digits));
    });
  }
});

test('userinfo is asked with the access token in the header and nowhere else', async () => {
  await using world = await startWorld();
  await logIn(world);
  const [request] = world.provider.requests.filter(({ path }) => path === '/userinfo');
  assert.match(request?.headers.authorization ?? '', /^Bearer \S+$/);
  assert.equal(request?.body, '');
  assert.deepEqual(
    Object.keys(request?.headers ?? {}).filter(
      (name) => !/^(host|connection|accept|accept-|user-agent|sec-fetch)/.test(name),
    ),
    ['authorization'],
  );
});

test('userinfo is not asked where the ID token has all that the scopes ask for', async () => {
  await using world = await startWorld({
    providerRow: { personnummer_from: 'id_token', scopes: ['openid', 'email', 'nin'] },
  });
  const idToken = { nin: number, email: 'kari@example.no', email_verified: true, birthdate: '1972-03-08' };
  await logIn(world, { ...samplePerson(), idToken });
  assert.equal(world.provider.count('/userinfo'), 0);
  assert.equal((await world.observations())[0]?.email, 'kari@example.no');
});

test('nothing of a foreign userinfo is used, not even the name', async () => {
  await using world = await startWorld();
  await logIn(world, person({ sub: 'somebody-else' }));
  const [row] = await world.observations();
  assert.deepEqual([row?.given_name, row?.phone, row?.email, row?.birth_date], [null, null, null, null]);
});

test('after the index secret was rotated, a number indexed before is still found', async () => {
  const before = testKeys().environment.PERSONNUMMER_INDEX_SECRETS;
  await using world = await startWorld({
    environment: { PERSONNUMMER_INDEX_SECRETS: `${createSecret('v2')},${before}` },
    member: { personnummer: number },
  });
  const login = await logIn(world);
  assert.equal(login.error, null);
  assert.equal((await world.observations())[0]?.outcome, 'confirmed');
});

async function link(world: World): Promise<void> {
  await world.db.pool.query(
    `insert into registry.identity_links (organization_id, issuer, subject, member_id, provider, match_rule)
     values ($1, $2, $3, $4, 'vipps', 'coordinator')`,
    [world.organization.id, world.provider.issuer, world.person.sub, world.member.id],
  );
}

async function assertSealed(world: World, [index, sealed, masked]: unknown[]): Promise<void> {
  const { unsealer, indexer } = testKeys();
  const opened = await unsealer.unseal(String(sealed));
  assert.equal(opened.reveal(), number);
  assert.ok(indexer.matches(opened, world.organization.id, String(index)));
  assert.equal(masked, '088372*****');
}
