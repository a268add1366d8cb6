import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'vitest';
import { actAsCallback, addKari, KARI } from '../support/acting-callback.ts';
import { becomeCoordinator, type Coordinator, type Reply } from '../support/coordinator.ts';
import { atTheDesk } from '../support/desk.ts';
import { addMember, sampleNumbers } from '../support/samples.ts';

// Whose might an unlinked login be? What the match rules would compare, in the order in which a person would look.

const [NUMBER] = sampleNumbers;

const suggestions = async (coordinator: Coordinator, observation: string) =>
  (await coordinator.call('login_suggestions', observation)) as unknown as (Reply & {
    member_id: string;
    agreed: string[];
    disagreed: string[];
    verified: boolean;
  })[];

test('the candidates of the match rules, the likeliest first, each with what agreed and what disagreed', () =>
  atTheDesk(async ({ db, callback, coordinator }) => {
    const mother = await addKari(db, callback, {
      given_name: 'Berit',
      birth_date: '1925-05-05',
      email: 'berit@example.org',
    });
    const kari = await addKari(db, callback, { birth_date: null, personnummer: NUMBER });
    await addMember(db, callback.organization, { given_name: 'Kari', family_name: 'Nordmann' });
    await addKari(db, callback, { phone: null, email: null });
    const { observation_id, outcome } = await callback.login();
    assert.equal(outcome, 'ambiguous');
    const found = await suggestions(coordinator, observation_id);
    assert.deepEqual(
      found.map(({ member_id, agreed, disagreed, verified }) => ({ member_id, agreed, disagreed, verified })),
      [
        { member_id: kari.id, agreed: ['email', 'name', 'phone'], disagreed: [], verified: true },
        { member_id: mother.id, agreed: ['phone'], disagreed: ['birth_date', 'email', 'name'], verified: true },
      ],
    );
    assert.deepEqual(
      [found[0]?.member_external_id, found[0]?.given_name, found[0]?.birth_date, found[0]?.personnummer],
      [kari.external_id, KARI.given_name, null, '018150*****'],
      'masked',
    );
  }));

test('what nobody verified points too, and is told apart; an excluded member is suggested no more', () =>
  atTheDesk(async ({ db, callback, coordinator, settle }) => {
    const kari = await addKari(db, callback);
    const { observation_id } = await callback.login({ phone_verified: false, email_verified: false });
    const [only, ...others] = await suggestions(coordinator, observation_id);
    assert.deepEqual([only?.member_id, only?.verified, others], [kari.id, false, []]);
    await settle('not_same_person');
    assert.deepEqual(await suggestions(coordinator, observation_id), []);
  }));

test('a record that came after the login is found; a linked login has no suggestions', () =>
  atTheDesk(async ({ db, callback, coordinator }) => {
    const { observation_id } = await callback.login();
    assert.deepEqual(await suggestions(coordinator, observation_id), []);
    const kari = await addKari(db, callback);
    assert.deepEqual(
      (await suggestions(coordinator, observation_id)).map(({ member_id }) => member_id),
      [kari.id],
    );
    await coordinator.call('link_login', observation_id, kari.id, null);
    assert.equal((await coordinator.call('login_suggestions', observation_id)).code, 'already_linked');
  }));

test('a login of another organisation is unknown, and so are its members', () =>
  atTheDesk(async ({ db, callback, coordinator }) => {
    const elsewhere = await actAsCallback(db);
    const stranger = await becomeCoordinator(db, elsewhere.organization);
    await addKari(db, elsewhere);
    const { observation_id } = await callback.login();
    assert.deepEqual(await suggestions(coordinator, observation_id), []);
    const [foreign, unknown] = [observation_id, randomUUID()].map((id) => stranger.call('login_suggestions', id));
    assert.deepEqual(await foreign, await unknown);
    assert.equal((await foreign)?.code, 'not_found');
  }));
