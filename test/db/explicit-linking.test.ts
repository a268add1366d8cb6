import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'vitest';
import type { TestDatabase } from '../support/database.ts';
import { atTheDesk } from '../support/desk.ts';
import { addKari, type Door, one } from '../support/door.ts';
import { addMember, sampleNumbers } from '../support/samples.ts';

const [NUMBER, OTHER_NUMBER, _THIRD_NUMBER] = sampleNumbers;

async function sessionOf(db: TestDatabase, door: Door, login: Record<string, unknown>) {
  const { observation_id } = await door.login(login);
  const code = randomUUID();
  await door.pool.query(
    `select login.open_session($1, sha256($2::text::bytea), repeat('x', 43), 'https://app.example/return')`,
    [observation_id, code],
  );
  await door.pool.query(
    `select login.redeem_code(sha256($1::text::bytea), repeat('x', 43), sha256(gen_random_uuid()::text::bytea))`,
    [code],
  );
  return (await one<{ id: string }>(db, 'select id from registry.sessions where observation_id = $1', [observation_id]))
    .id;
}

test('explicit linking: the login is theirs, also where the ladder would have said ambiguous', () =>
  atTheDesk(async ({ db, door }) => {
    const kari = await addKari(db, door, { phone: '+4790000077' });
    await db.pool.query(
      `insert into registry.identity_links (organization_id, issuer, subject, member_id, provider, rung)
       values ($1, 'https://provider.example/access-management-1.0/access/', 'old-login', $2, 'vipps', 'coordinator')`,
      [door.organization.id, kari.id],
    );
    const session = await sessionOf(db, door, { subject: 'old-login' });
    assert.equal((await door.login({ subject: 'new-login' })).outcome, 'ambiguous');
    const linked = await door.login({ subject: 'new-login', link_session_id: session, personnummer: NUMBER });
    assert.deepEqual([linked.outcome, linked.member_id], ['filled', kari.id]);
    assert.equal(
      (await one(db, `select rung from registry.identity_links where subject = 'new-login'`)).rung,
      'explicit',
    );
    await db.pool.query(`update registry.sessions set ended_at = now(), end_reason = 'expired'`);
    assert.equal((await door.login({ subject: 'third-login', link_session_id: session })).outcome, 'ambiguous');
  }));

test('a login linked to somebody else is a case, never moved silently; a coordinator moves it, and can move it back', () =>
  atTheDesk(async ({ db, door, coordinator, settle, openCases }) => {
    const kari = await addKari(db, door);
    const ola = await addMember(db, door.organization, {
      given_name: 'Ola',
      phone: '+4790000055',
      email: 'ola@example.org',
    });
    const session = await sessionOf(db, door, {
      subject: 'olas',
      given_name: 'Ola',
      family_name: null,
      birth_date: null,
      phone: '+4790000055',
      email: 'ola@example.org',
    });
    await door.login({ subject: 'karis' });
    const answer = await door.login({ subject: 'karis', link_session_id: session });
    assert.deepEqual([answer.outcome, answer.member_id], ['ambiguous', null]);
    const [moved] = await openCases();
    assert.deepEqual([moved?.kind, moved?.member_id, moved?.other_member_id], ['subject_moved', ola.id, kari.id]);
    const holder = async () =>
      (await one(db, `select member_id from registry.identity_links where subject = 'karis'`)).member_id;
    assert.equal(await holder(), kari.id);
    await settle('accept_observed');
    assert.equal(await holder(), ola.id);
    await coordinator.call('undo_resolution', moved?.id, 'wrong');
    assert.equal(await holder(), kari.id);
  }));

test('what a coordinator decided outranks the wish of a member too: a parted login is not linked explicitly', () =>
  atTheDesk(async ({ db, door, settle, openCases }) => {
    const kari = await addKari(db, door, { personnummer: OTHER_NUMBER });
    await db.pool.query(
      `insert into registry.identity_links (organization_id, issuer, subject, member_id, provider, rung)
       values ($1, 'https://provider.example/access-management-1.0/access/', 'old-login', $2, 'vipps', 'coordinator')`,
      [door.organization.id, kari.id],
    );
    await door.login({ personnummer: NUMBER });
    await settle('not_same_person');
    const session = await sessionOf(db, door, { subject: 'old-login' });
    const answer = await door.login({ link_session_id: session });
    assert.deepEqual([answer.outcome, answer.member_id], ['ambiguous', null]);
    assert.equal((await openCases()).length, 1);
  }));
