import assert from 'node:assert/strict';
import { test } from 'vitest';
import { loginOutcome } from '../../../auth-callback/login/login-ending.ts';
import { addMember } from '../../support/samples.ts';
import { logIn } from '../support/browser.ts';
import { number, samplePerson, startWorld } from '../support/world.ts';

const notGiven = { status: 'absent', reason: 'not_given', inconsistency: null } as const;
const contradiction = { reason: 'inconsistent', inconsistency: 'numbers_differ' } as const;
const somebody = { given_name: 'Ola', family_name: 'Hansen', phone_number: '4799999999', email: 'ola@example.no' };

test('each decision of the database has its answer for the app', () => {
  const memberId = 'a0000000-0000-4000-8000-000000000000';
  const table: [string, string | null, string, boolean?][] = [
    ...(['filled', 'confirmed', 'conflict', 'duplicate', 'absent'] as const).flatMap(
      (outcome): [string, string | null, string][] => [
        [outcome, memberId, 'login'],
        [outcome, null, 'member_not_found'],
      ],
    ),
    ['unlinked', null, 'member_not_found'],
    ['ambiguous', null, 'account_ambiguous', true],
    ['ambiguous', null, 'member_not_found', false],
    ['name_mismatch', null, 'account_mismatch', true],
    ['name_mismatch', null, 'member_not_found', false],
    ['proposed', null, 'login'],
    ['deferred', memberId, 'login'],
    ['deferred', null, 'temporarily_unavailable'],
    ['something new', memberId, 'temporarily_unavailable'],
  ];
  for (const [outcome, member, answer, told = false] of table) {
    const decision = { outcome, memberId: member, told };
    assert.equal(loginOutcome(decision, notGiven), answer, `${outcome} ${member} ${told}`);
    const contradicted = loginOutcome(decision, { ...notGiven, ...contradiction });
    assert.equal(contradicted, answer === 'member_not_found' ? 'temporarily_unavailable' : answer);
  }
});

test('somebody whom no member record matches is told that there is no member', async () => {
  await using world = await startWorld();
  const login = await logIn(world, samplePerson({ ...somebody, birthdate: '1984-05-17', nin: '17858433347' }));
  assert.equal(login.error, 'member_not_found');
  assert.equal((await world.observations())[0]?.outcome, 'unlinked');
});

test('somebody who matches two members is told that the account is ambiguous', async () => {
  await using world = await startWorld();
  const same = { given_name: 'Kari', family_name: 'Nordmann', phone: '+4791234567', email: 'kari@example.no' };
  await addMember(world.db, world.organization, same);
  const login = await logIn(world);
  assert.equal(login.error, 'account_ambiguous');
});

test('a number of a member with another name is a mismatch', async () => {
  await using world = await startWorld({ member: { personnummer: number } });
  const login = await logIn(world, samplePerson({ ...somebody, birthdate: '1984-05-17' }));
  assert.equal(login.error, 'account_mismatch');
  assert.equal((await world.observations())[0]?.outcome, 'name_mismatch');
});

test('a conflict is no concern of the member: the login proceeds', async () => {
  await using world = await startWorld({ member: { personnummer: '17858433347' } });
  const login = await logIn(world);
  assert.equal(login.error, null);
  assert.equal((await world.observations())[0]?.outcome, 'conflict');
});

test('a login whose matching failed proceeds for who is linked, and asks anybody else to try again', async () => {
  await using world = await startWorld();
  await logIn(world);
  await world.db.pool.query('alter function private.settle_observation rename to settle_observation_gone');
  const renewed = samplePerson({ ...somebody, nin: '17858433347' });
  assert.equal((await logIn(world, renewed)).error, null);
  const stranger = { ...samplePerson({ ...somebody, birthdate: '1984-05-17', nin: '17858433347' }), sub: 'stranger' };
  const told = (await logIn(world, stranger)).error;
  const outcomes = (await world.observations()).map(({ outcome }) => outcome);
  assert.deepEqual(outcomes.slice(1), ['deferred', 'deferred']);
  assert.equal(told, 'temporarily_unavailable');
});
