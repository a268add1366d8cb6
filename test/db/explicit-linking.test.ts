import assert from 'node:assert/strict';
import { test } from 'vitest';
import { addKari, counts, KARI, one, waitWithoutLimit } from '../support/acting-callback.ts';
import { atTheDesk, type Desk, record } from '../support/desk.ts';
import { addMember, sampleNumbers } from '../support/samples.ts';
import { isLetIn, openSession, proposeLink, redeemLink, type Session } from '../support/sessions.ts';

const [NUMBER, OTHER_NUMBER] = sampleNumbers;

/** Kari's record, which her logins agree with in name and birth date only, and a session of hers. */
async function kariLoggedIn({ db, callback }: Desk, values: Record<string, unknown> = {}) {
  const kari = await addKari(db, callback, { phone: '+4790000077', email: null, ...values });
  await db.pool.query(
    `insert into registry.identity_links (organization_id, issuer, subject, member_id, provider, match_rule)
     values ($1, 'https://provider.example/access-management-1.0/access/', 'old-login', $2, 'vipps', 'coordinator')`,
    [callback.organization.id, kari.id],
  );
  const { observation_id } = await callback.login({ subject: 'old-login', absent_reason: 'not_given' });
  return { kari, session: await openSession(callback, observation_id) };
}

const STRANGER = {
  subject: 'stranger',
  given_name: 'Ingrid',
  family_name: 'Solberg',
  birth_date: '1961-12-31',
  phone: '+4790000055',
  email: 'ingrid@example.org',
};

const proposals = async ({ db }: Desk) => (await one(db, 'select count(*)::int as n from registry.link_proposals')).n;

test('what comes of a linking login comes when the session that asked redeems its code', () =>
  atTheDesk(async (desk) => {
    const { db, callback } = desk;
    const { kari, session } = await kariLoggedIn(desk);
    const before = await counts(db);
    const { code, ...answer } = await proposeLink(callback, session, { subject: 'new-login', personnummer: NUMBER });
    assert.deepEqual([answer.outcome, answer.member_id, answer.ask_consent], ['proposed', null, false]);
    assert.deepEqual(
      await counts(db),
      { ...before, observations: 2, events: (before.events ?? 0) + 1 },
      'nothing follows yet',
    );
    const redeemed = await redeemLink(callback, code, session);
    assert.deepEqual([redeemed?.member_id, redeemed?.refused], [kari.id, false]);
    const linked = await one(
      db,
      `select match_rule, explanation from registry.identity_links where subject = 'new-login'`,
    );
    assert.deepEqual(linked, {
      match_rule: 'explicit',
      explanation: { match_rule: 'explicit', candidates: 1, agreed: ['birth_date', 'name'], disagreed: ['phone'] },
    });
    assert.match(String((await record(db, kari.id)).personnummer_masked), /^018150/);
    assert.equal((await counts(db)).pushes, 1);
    const { outcome } = await one(db, 'select outcome from registry.observations where id = $1', [
      answer.observation_id,
    ]);
    assert.equal(outcome, 'filled');
    assert.equal(await proposals(desk), 0);
    assert.equal((await callback.login({ subject: 'new-login', personnummer: NUMBER })).outcome, 'confirmed');
  }));

/** Who presents the code of a login that Kari's session proposed, and with what. */
const OTHERS: Record<string, (desk: Desk, session: Session) => Promise<[Pick<Session, 'id'> | undefined, string?]>> = {
  'nobody who is logged in': async () => [undefined],
  'another member': async ({ db, callback }) => {
    await addMember(db, callback.organization, { ...STRANGER, subject: undefined });
    return [await openSession(callback, (await callback.login({ ...STRANGER, subject: 'other' })).observation_id)];
  },
  'another session of the same member': async ({ callback }) => {
    const { observation_id } = await callback.login({ subject: 'old-login', absent_reason: 'not_given' });
    return [await openSession(callback, observation_id)];
  },
  'a session that nobody has': async () => [{ id: '5f6d7c0e-9d0b-4c1e-8a59-0c6c2e7b7a11' }],
  'the session that asked, with a wrong verifier': async (_, session) => [session, 'y'.repeat(43)],
  'the session that asked, which ended': async ({ db }, session) => {
    await db.pool.query(`update registry.sessions set ended_at = now(), end_reason = 'expired' where id = $1`, [
      session.id,
    ]);
    return [session];
  },
  'the session that asked, whose own login was taken away': async ({ db }, session) => {
    await db.pool.query(`delete from registry.identity_links where subject = 'old-login'`);
    return [session];
  },
};

for (const [who, prepare] of Object.entries(OTHERS)) {
  test(`the code of a linking login is worth nothing to ${who}`, () =>
    atTheDesk(async (desk) => {
      const { db, callback } = desk;
      const { kari, session } = await kariLoggedIn(desk);
      const { code } = await proposeLink(callback, session, { subject: 'new-login', personnummer: NUMBER });
      const [presented, challenge] = await prepare(desk, session);
      assert.equal(await redeemLink(callback, code, presented, challenge), undefined);
      assert.equal(
        (await one(db, `select count(*)::int as n from registry.identity_links where subject = 'new-login'`)).n,
        0,
      );
      assert.equal((await record(db, kari.id)).personnummer_masked, null);
      assert.equal((await counts(db)).conflicts, 0);
    }));
}

test('a code is guessed at most once, and somebody else who presents it does not use it up', () =>
  atTheDesk(async (desk) => {
    const { callback } = desk;
    const { kari, session } = await kariLoggedIn(desk);
    const first = await proposeLink(callback, session, { subject: 'new-login' });
    assert.equal(await redeemLink(callback, first.code, undefined), undefined);
    assert.equal((await redeemLink(callback, first.code, session))?.member_id, kari.id);
    assert.equal(await redeemLink(callback, first.code, session), undefined, 'used');
    const second = await proposeLink(callback, session, { subject: 'newer-login' });
    assert.equal(await redeemLink(callback, second.code, session, 'y'.repeat(43)), undefined);
    assert.equal(await redeemLink(callback, second.code, session), undefined, 'guessed');
  }));

/** Logins that a member might talk somebody into, and hands in with code, verifier and access token. */
const TALKED_INTO: Record<string, { login: Record<string, unknown>; kind: string }> = {
  'another name': { login: { given_name: 'Ingrid', family_name: 'Solberg' }, kind: 'name_mismatch' },
  'part of the name': { login: { given_name: 'Ingrid' }, kind: 'name_mismatch' },
  'another birth date': { login: { birth_date: '1961-12-31' }, kind: 'name_mismatch' },
  'no name, and a number of another birth date': {
    login: { given_name: null, family_name: null, birth_date: null, personnummer: OTHER_NUMBER },
    kind: 'name_mismatch',
  },
  'somebody who is a member': { login: { ...STRANGER, subject: 'stranger' }, kind: 'subject_moved' },
};

for (const [what, { login, kind }] of Object.entries(TALKED_INTO)) {
  test(`a linking login by ${what} is refused, fills nothing and is a case`, () =>
    atTheDesk(async (desk) => {
      const { db, callback, openCases } = desk;
      const { kari, session } = await kariLoggedIn(desk);
      const ingrid = await addMember(db, callback.organization, { ...STRANGER, subject: undefined });
      assert.equal((await callback.login(STRANGER)).member_id, ingrid.id);
      const { code } = await proposeLink(callback, session, { subject: 'new-login', personnummer: NUMBER, ...login });
      const redeemed = await redeemLink(callback, code, session);
      assert.deepEqual(redeemed, { session_id: null, member_id: null, refused: true }, 'the same, whatever the reason');
      assert.deepEqual(
        (await openCases()).map((one) => one.kind),
        [kind],
      );
      for (const { id } of [kari, ingrid]) assert.equal((await record(db, id)).personnummer_masked, null);
      assert.equal((await counts(db)).pushes, 0);
      const again = await callback.login(STRANGER);
      assert.equal(again.member_id, ingrid.id, 'nobody was moved');
    }));
}

test('a linking login without a name, with the number of another member, is refused: it may be that member', () =>
  atTheDesk(async (desk) => {
    const { db, callback, openCases } = desk;
    const { session } = await kariLoggedIn(desk);
    await addMember(db, callback.organization, { ...STRANGER, subject: undefined, personnummer: NUMBER });
    const nameless = { given_name: null, family_name: null, birth_date: null };
    const { code } = await proposeLink(callback, session, { subject: 'new-login', personnummer: NUMBER, ...nameless });
    assert.deepEqual(await redeemLink(callback, code, session), { session_id: null, member_id: null, refused: true });
    assert.deepEqual(
      (await openCases()).map(({ kind }) => kind),
      ['name_mismatch'],
    );
  }));

test('a linking login redeemed after capturing was switched off fills nothing', () =>
  atTheDesk(async (desk) => {
    const { db, callback } = desk;
    const { kari, session } = await kariLoggedIn(desk);
    const { code } = await proposeLink(callback, session, { subject: 'new-login', personnummer: NUMBER });
    await db.pool.query('update registry.organizations set capture_basis = null');
    assert.equal((await redeemLink(callback, code, session))?.member_id, kari.id);
    assert.equal((await record(db, kari.id)).personnummer_masked, null);
    assert.equal((await counts(db)).pushes, 0);
  }));

test('whoever was talked into a linking login comes in as themself afterwards, and what the login brought is erased', () =>
  atTheDesk(async (desk) => {
    const { db, callback } = desk;
    const { session } = await kariLoggedIn(desk);
    const ingrid = await addMember(db, callback.organization, { ...STRANGER, subject: undefined });
    const { observation_id } = await proposeLink(callback, session, { ...STRANGER, personnummer: NUMBER });
    await db.pool.query(
      `update registry.link_proposals set proposed_at = proposed_at - interval '2 minutes', code_expires_at = code_expires_at - interval '2 minutes'`,
    );
    await db.pool.query('select * from worker.reconcile()');
    assert.equal(await proposals(desk), 0);
    const kept = await one(db, 'select * from registry.observations where id = $1', [observation_id]);
    const brought = ['given_name', 'family_name', 'birth_date', 'phone', 'email', 'personnummer_masked'];
    assert.deepEqual(
      [...brought, 'personnummer_index', 'personnummer_sealed', 'member_id'].map((column) => kept[column] ?? null),
      Array(9).fill(null),
    );
    assert.deepEqual([kept.outcome, kept.number_erased_at !== null], ['proposed', true]);
    const own = await callback.login({ ...STRANGER, personnummer: NUMBER });
    assert.deepEqual([own.outcome, own.member_id], ['filled', ingrid.id]);
  }));

test('a code of a linking login that is still good is not erased; an old one is refused although nobody erased it', () =>
  atTheDesk(async (desk) => {
    const { db, callback } = desk;
    const { kari, session } = await kariLoggedIn(desk);
    const good = await proposeLink(callback, session, { subject: 'new-login' });
    await db.pool.query(`update registry.link_proposals set proposed_at = proposed_at - interval '2 minutes'`);
    await db.pool.query('select * from worker.reconcile()');
    assert.equal((await redeemLink(callback, good.code, session))?.member_id, kari.id);
    const old = await proposeLink(callback, session, { subject: 'newer-login' });
    await db.pool.query(`update registry.link_proposals set code_expires_at = now()`);
    assert.equal(await redeemLink(callback, old.code, session), undefined);
  }));

test('a linking login without a name is linked where the number has the birth date of the record', () =>
  atTheDesk(async (desk) => {
    const { kari, session } = await kariLoggedIn(desk, { birth_date: '1950-01-01' });
    const nothing = { given_name: null, family_name: null, birth_date: null, phone: null, email: null };
    const { code } = await proposeLink(desk.callback, session, {
      ...nothing,
      subject: 'new-login',
      personnummer: NUMBER,
    });
    assert.equal((await redeemLink(desk.callback, code, session))?.member_id, kari.id);
  }));

test('a linking login is asked no consent for; the next ordinary one is, and the number waits for it', () =>
  atTheDesk(async (desk) => {
    const { db, callback } = desk;
    const { kari, session } = await kariLoggedIn(desk);
    await db.pool.query(`update registry.identity_providers set consent_mode = 'own'`);
    const { code, ask_consent } = await proposeLink(callback, session, { subject: 'new-login', personnummer: NUMBER });
    assert.equal(ask_consent, false);
    assert.equal((await redeemLink(callback, code, session))?.member_id, kari.id);
    assert.equal((await record(db, kari.id)).personnummer_masked, null);
    const next = await callback.login({ subject: 'new-login', personnummer: NUMBER });
    assert.deepEqual([next.outcome, next.ask_consent], ['absent', true]);
  }));

test('a linking login for which a source does not answer is not looked up either: nothing is kept, whoever logs in', () =>
  atTheDesk(async (desk) => {
    const { session } = await kariLoggedIn(desk);
    const before = await counts(desk.db);
    for (const subject of ['old-login', 'nobodys-login']) {
      const answer = await desk.callback.login({ subject, evidence_missing: true, link_session_id: session.id });
      assert.deepEqual([answer.outcome, answer.member_id], [null, null], subject);
    }
    assert.deepEqual(await counts(desk.db), before);
  }));

test('a fault while a code is redeemed takes everything back, and the code is good once more', () =>
  atTheDesk(async (desk) => {
    const { db, callback } = desk;
    const { kari, session } = await kariLoggedIn(desk);
    const { code, observation_id } = await proposeLink(callback, session, {
      subject: 'new-login',
      personnummer: NUMBER,
    });
    await db.pool.query('alter function private.judge_number rename to judge_gone');
    await assert.rejects(redeemLink(callback, code, session));
    const { outcome } = await one(db, 'select outcome from registry.observations where id = $1', [observation_id]);
    assert.equal(outcome, 'proposed');
    await db.pool.query('alter function private.judge_gone rename to judge_number');
    assert.equal((await redeemLink(callback, code, session))?.member_id, kari.id);
  }));

test('one code redeemed ten times at once links once', () =>
  atTheDesk(async (desk) => {
    const { db, callback } = desk;
    await waitWithoutLimit(db);
    const { session } = await kariLoggedIn(desk);
    const { code } = await proposeLink(callback, session, { subject: 'new-login', personnummer: NUMBER });
    const all = await Promise.all(Array.from({ length: 10 }, () => redeemLink(callback, code, session)));
    assert.equal(all.filter((each) => each !== undefined).length, 1);
    assert.equal((await counts(db)).pushes, 1);
  }));

test('a merge while the login is under way: it is linked to the record that survives', () =>
  atTheDesk(async (desk) => {
    const { db, callback, settle } = desk;
    const { kari, session } = await kariLoggedIn(desk);
    const survivor = await addKari(db, callback, { phone: null, email: null });
    await db.pool.query(
      `insert into registry.conflicts (organization_id, kind, member_id, other_member_id, observation_id, fingerprint)
       select organization_id, 'subject_moved', $1, $2, id, 'made for this test' from registry.observations`,
      [kari.id, survivor.id],
    );
    const { code } = await proposeLink(callback, session, { subject: 'new-login', personnummer: NUMBER });
    await settle('merge_into');
    assert.equal((await redeemLink(callback, code, session))?.member_id, survivor.id);
  }));

test('a proposed login lets nobody in, not even its own member, until it is redeemed', () =>
  atTheDesk(async (desk) => {
    const { db, callback } = desk;
    const { session } = await kariLoggedIn(desk);
    const { observation_id, code } = await proposeLink(callback, session, { subject: 'old-login' });
    assert.equal(await isLetIn(callback, observation_id), false, 'another code');
    assert.equal((await one(db, 'select count(*)::int as n from registry.sessions')).n, 1);
    assert.equal((await redeemLink(callback, code, session))?.refused, false);
    assert.equal((await one(db, 'select count(*)::int as n from registry.sessions')).n, 2);
  }));

test('a login linked to somebody else is a case, never moved silently; a coordinator moves it, and can move it back', () =>
  atTheDesk(async ({ db, callback, coordinator, settle, openCases }) => {
    const kari = await addKari(db, callback);
    const ola = await addMember(db, callback.organization, { ...KARI, phone: '+4790000055', email: 'ola@example.org' });
    const olas = { subject: 'olas', phone: '+4790000055', email: 'ola@example.org' };
    const session = await openSession(callback, (await callback.login(olas)).observation_id);
    await callback.login({ subject: 'karis' });
    const { code } = await proposeLink(callback, session, { subject: 'karis' });
    assert.equal((await redeemLink(callback, code, session))?.refused, true);
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

test('what a coordinator decided outranks the wish of a member too: a excluded login is not linked explicitly', () =>
  atTheDesk(async (desk) => {
    const { callback, settle, openCases } = desk;
    const { session } = await kariLoggedIn(desk, { ...KARI, personnummer: OTHER_NUMBER });
    await callback.login({ personnummer: NUMBER });
    await settle('not_same_person');
    const { code } = await proposeLink(callback, session);
    assert.equal((await redeemLink(callback, code, session))?.refused, true);
    assert.equal((await openCases()).length, 1);
  }));
