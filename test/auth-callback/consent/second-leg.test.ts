import assert from 'node:assert/strict';
import { test } from 'vitest';
import { inCase } from '../../support/in-case.ts';
import {
  answerAsked,
  bankidPerson,
  bankidRow,
  bankidWorld,
  behaveAsBankid,
  consentsOf,
  linkedWorld,
  openCases,
  untilAsked,
} from '../support/bankid.ts';
import { comeBack, logIn, start } from '../support/browser.ts';
import { signRs256 } from '../support/provider.ts';
import { number } from '../support/world.ts';

const other = '17858433347';

test('consent given at the provider: the number comes from userinfo, in one observation, by PAR and never in an address', async () => {
  await using world = await linkedWorld();
  const asked = await untilAsked(world);
  assert.deepEqual([...asked.second.searchParams.keys()].sort(), ['client_id', 'request_uri']);
  const pushed = world.provider.asked(asked.second);
  assert.equal(pushed.get('scope'), 'openid nnin');
  assert.equal(pushed.get('code_challenge_method'), 'S256');
  assert.ok(pushed.get('id_token_hint'));
  for (const name of ['state', 'nonce', 'code_challenge']) {
    assert.notEqual(pushed.get(name), asked.address.searchParams.get(name), `${name} is fresh`);
  }
  const [waiting] = await world.observations();
  assert.deepEqual([waiting?.absent_reason, waiting?.personnummer_index], ['not_consented', null]);

  const ended = await answerAsked(world, asked);
  assert.match(ended.code ?? '', /^[A-Za-z0-9_-]{43}$/);
  assert.equal(ended.location?.searchParams.get('state'), asked.appState);
  const [observation, ...more] = await world.observations();
  assert.equal(more.length, 0);
  assert.deepEqual([observation?.outcome, observation?.personnummer_masked], ['filled', '088372*****']);
  const [consent] = await consentsOf(world);
  assert.deepEqual([consent?.state, consent?.scope, consent?.member_id], ['given', 'nnin', world.member.id]);
  assert.deepEqual(consent?.evidence, { by: 'provider', provider: 'bankid', scope: 'nnin' });
  assert.ok(!world.logLines.join('').includes(number));
  // The next login finds the consent and the number, and asks nobody.
  assert.match((await logIn(world, bankidPerson())).code ?? '', /./);
});

test('a record that has a number is compared with nnin_altsub, and nobody is asked', async () => {
  await using world = await linkedWorld({ ...bankidWorld, member: { personnummer: number } });
  assert.ok((await logIn(world, bankidPerson())).code);
  assert.equal((await world.observations())[0]?.outcome, 'confirmed');
  assert.equal((await consentsOf(world)).length, 0);
});

test('where the provider has no PAR, the hint travels in the body of a form', async () => {
  const prepare: typeof behaveAsBankid = async (provider) => {
    await behaveAsBankid(provider);
    provider.metadata = (whole) => whole;
  };
  await using world = await linkedWorld({ prepare, providerRow: bankidRow });
  const started = await start(world);
  const first = await comeBack(world, world.provider.authorize(started.address, bankidPerson()), started.cookie);
  assert.equal(first.status, 200);
  const page = await first.response.text();
  assert.match(first.response.headers.get('content-security-policy') ?? '', /^default-src 'none'; style-src 'sha256-/);
  assert.match(page, /<form method="post" action="http:[^"]+\/access\/auth">/);
  assert.ok(!page.includes('<script'));
  const fields = new Map(
    [...page.matchAll(/name="([a-z_]+)" value="([^"]*)"/g)].map(([, name, value]) => [name, value]),
  );
  assert.match(fields.get('id_token_hint') ?? '', /^ey/);
  const second = new URL(`${world.provider.issuer}auth`);
  for (const [name, value] of fields) second.searchParams.set(name ?? '', value ?? '');
  const cookie = first.response.headers
    .getSetCookie()
    .find((each) => !each.includes('Max-Age=0'))
    ?.split(';')[0];
  const ended = await comeBack(world, world.provider.authorize(second, bankidPerson()), cookie);
  assert.ok(ended.code);
  assert.equal((await world.observations())[0]?.outcome, 'filled');
});

test('only a row can let the hint travel in the address', async () => {
  const prepare: typeof behaveAsBankid = async (provider) => {
    await behaveAsBankid(provider);
    provider.metadata = (whole) => whole;
  };
  const authorization_params = { id_token_hint_by: 'address', prompt: 'login', ui_locales: 'nb' };
  await using world = await linkedWorld({ prepare, providerRow: { ...bankidRow, authorization_params } });
  const asked = await untilAsked(world);
  assert.equal(asked.address.searchParams.get('prompt'), 'login');
  assert.equal(asked.second.searchParams.get('prompt'), null, 'nobody logs in twice');
  assert.equal(asked.second.searchParams.get('ui_locales'), 'nb');
  assert.equal(asked.second.searchParams.get('id_token_hint_by'), null);
  assert.ok(asked.second.searchParams.get('id_token_hint'));
  assert.ok((await answerAsked(world, asked)).code);
});

test('another person or another number in the second leg: no write, a case, no login', async () => {
  const contradictions: [string, ReturnType<typeof bankidPerson>, string][] = [
    ['another subject', bankidPerson({ sub: 'somebody-else' }), 'subject_differs'],
    ['userinfo of another subject', { ...bankidPerson(), userinfo: { sub: 'x', nnin: number } }, 'subject_differs'],
    ['another number', bankidPerson({ nnin: other }), 'numbers_differ'],
  ];
  for (const [name, person, inconsistency] of contradictions) {
    await inCase(name, async () => {
      await using world = await linkedWorld();
      const asked = await untilAsked(world);
      const ended = await answerAsked(world, asked, person);
      assert.equal(ended.error, 'login_failed');
      const [row] = await world.observations();
      assert.deepEqual([row?.inconsistency, row?.absent_reason], [inconsistency, 'inconsistent']);
      assert.deepEqual([row?.personnummer_index, row?.personnummer_sealed], [null, null]);
      assert.deepEqual(await openCases(world), ['inconsistent']);
      assert.equal((await consentsOf(world)).length, 0);
      const { rows } = await world.db.pool.query('select personnummer_index from registry.members');
      assert.deepEqual(rows, [{ personnummer_index: null }]);
      const { rows: sessions } = await world.db.pool.query('select from registry.sessions');
      assert.equal(sessions.length, 0);
    });
  }
});

test('a second leg is verified like the first, and used once', async () => {
  await using world = await linkedWorld();
  const asked = await untilAsked(world);
  const forged = world.provider.makeIdToken;
  world.provider.makeIdToken = signRs256;
  assert.equal((await answerAsked(world, asked)).error, 'login_failed');
  world.provider.makeIdToken = forged;
  const again = await answerAsked(world, asked);
  assert.equal(again.status, 400, 'used up');
  assert.equal((await consentsOf(world)).length, 0);
  assert.equal((await world.observations())[0]?.personnummer_index, null);
});

test('the first leg cannot be passed off as the second, nor the other way round', async () => {
  await using world = await linkedWorld();
  const asked = await untilAsked(world);
  const crossed = await comeBack(world, world.provider.authorize(asked.second, bankidPerson()), asked.cookie);
  assert.equal(crossed.status, 400);
  const back = await comeBack(world, world.provider.authorize(asked.address, bankidPerson()), asked.secondCookie);
  assert.equal(back.status, 400);
});

test('a malformed number after consent leaves the consent, and no number', async () => {
  await using world = await linkedWorld();
  const asked = await untilAsked(world);
  assert.ok((await answerAsked(world, asked, bankidPerson({ nnin: 8837220093 }))).code);
  assert.deepEqual(
    (await consentsOf(world)).map(({ state }) => state),
    ['given'],
  );
  assert.equal((await world.observations())[0]?.personnummer_index, null);
});

test('where the first leg brings a number that is none, there is nothing to ask for', async () => {
  await using world = await linkedWorld();
  assert.ok((await logIn(world, bankidPerson({ altsub: 8837220093 }))).code);
  assert.deepEqual(
    (await world.observations()).map((row) => row.absent_reason),
    ['malformed'],
  );
});

test('where the first leg brings no number at all, the second one may', async () => {
  await using world = await linkedWorld();
  const asked = await untilAsked(world, bankidPerson({ altsub: null }));
  assert.ok((await answerAsked(world, asked)).code);
  assert.equal((await world.observations())[0]?.outcome, 'filled');
});
