import assert from 'node:assert/strict';
import { onTestFinished, test, vi } from 'vitest';
import { inCase } from '../../support/in-case.ts';
import { comeBack, logIn, start } from '../support/browser.ts';
import { samplePerson, startWorld, type World, type WorldOptions } from '../support/world.ts';

const options: WorldOptions = { providerRow: { personnummer_scope: 'nin', ask_number_when_missing: true } };
const withoutNumber = { ...samplePerson({ nin: undefined }) };

/** A browser that keeps the hint. */
async function visit(world: World, hint: string | undefined, person = world.person) {
  const started = await start(world, hint === undefined ? {} : { cookie: hint });
  const cookie = hint === undefined ? started.cookie : `${started.cookie}; ${hint}`;
  const ended = await comeBack(world, world.provider.authorize(started.address, person), cookie);
  const set = ended.response.headers.getSetCookie().find((each) => each.startsWith('__Host-number-'));
  const scopes = started.address.searchParams.get('scope')?.split(' ') ?? [];
  return { ended, set, asksForNumber: scopes.includes('nin'), scopes };
}

const pairOf = (set: string | undefined) => set?.split(';')[0] ?? '';

test('who comes back to a confirmed number is not asked for it again', async () => {
  await using world = await startWorld(options);
  const first = await visit(world, undefined);
  assert.ok(first.ended.code && first.asksForNumber);
  assert.match(first.set ?? '', /; Max-Age=7776000; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
  const hint = pairOf(first.set);
  assert.ok(!Buffer.from(hint, 'base64url').toString('latin1').includes(world.person.sub));
  const second = await visit(world, hint, withoutNumber);
  assert.ok(second.ended.code && !second.asksForNumber);
  assert.deepEqual(second.scopes, ['openid', 'name', 'phoneNumber', 'email', 'birthDate']);
  assert.equal(second.set, undefined, 'the hint stands');
  assert.equal((await world.observations())[1]?.outcome, 'absent');
});

test('without such a record, or with the organisation asking always, there is no hint', async () => {
  const cases: [string, WorldOptions, (world: World) => ReturnType<typeof visit>][] = [
    ['no number came', options, (world) => visit(world, undefined, withoutNumber)],
    ['a conflict', { ...options, member: { personnummer: '17858433347' } }, (world) => visit(world, undefined)],
    ['not chosen', { providerRow: { personnummer_scope: 'nin' } }, (world) => visit(world, undefined)],
  ];
  for (const [name, settings, act] of cases) {
    await inCase(name, async () => {
      await using world = await startWorld(settings);
      assert.equal((await act(world)).set, undefined);
    });
  }
});

test('somebody else at the same browser is asked at the next login, and so is who was not found', async () => {
  await using world = await startWorld(options);
  const hint = pairOf((await visit(world, undefined)).set);
  const stranger = { ...withoutNumber, sub: 'somebody-else' };
  const other = await visit(world, hint, stranger);
  assert.match(other.set ?? '', /^__Host-number-[^=]+=; Max-Age=0/);
  const unknown = { sub: 'nobody', userinfo: { given_name: 'Ola', family_name: 'Hansen' } };
  const lost = await visit(world, hint, unknown);
  assert.equal(lost.ended.error, 'member_not_found');
  assert.match(lost.set ?? '', /Max-Age=0/);
});

test('a hint nobody sealed for this place is none', async () => {
  await using world = await startWorld(options);
  const [name, value = ''] = pairOf((await visit(world, undefined)).set).split('=');
  await using elsewhere = await startWorld(options);
  const theirs = pairOf((await visit(elsewhere, undefined)).set).split('=')[1];
  for (const bad of [`${value.slice(0, -3)}AAA`, 'x', theirs ?? '']) {
    assert.ok((await visit(world, `${name}=${bad}`)).asksForNumber);
  }
  const login = await logIn(world, world.person, { query: { number_hint: value, has_number: 'true' } });
  assert.ok(login.address.searchParams.get('scope')?.includes('nin'), 'never by a parameter');
});

test('a hint is good for ninety days', async () => {
  await using world = await startWorld(options);
  const hint = pairOf((await visit(world, undefined)).set);
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 91 * 86_400_000 });
  onTestFinished(() => void vi.useRealTimers());
  assert.ok((await start(world, { cookie: hint })).address.searchParams.get('scope')?.includes('nin'));
});
