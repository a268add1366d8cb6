import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { test } from 'vitest';
import {
  type ActingCallback,
  actAsCallback,
  addKari,
  KARI,
  one,
  waitWithoutLimit,
} from '../support/acting-callback.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { atTheDesk } from '../support/desk.ts';
import { inCase } from '../support/in-case.ts';
import { addMember } from '../support/samples.ts';
import { isLetIn, openSession, proposeLink, redeemLink } from '../support/sessions.ts';

const hash = (text: string) => createHash('sha256').update(text).digest();
const CHALLENGE = createHash('sha256').update('verifier').digest('base64url');

async function open(callback: ActingCallback, changes: Record<string, unknown> = {}) {
  const { observation_id } = await callback.login();
  const values = {
    observation_id,
    code_hash: hash('code'),
    code_challenge: CHALLENGE,
    return_to: 'https://app.example/return',
    ...changes,
  };
  const { rows } = await callback.pool.query(
    'select login.open_session(observation_id => $1, code_hash => $2, code_challenge => $3, return_to => $4) as opened',
    Object.values(values),
  );
  return { observation_id, opened: rows[0]?.opened as boolean };
}

const redeem = async (callback: ActingCallback, code = 'code', challenge = CHALLENGE, refreshToken = 'first') =>
  (
    await callback.pool.query('select * from login.redeem_code($1, $2, $3)', [
      hash(code),
      challenge,
      hash(refreshToken),
    ])
  ).rows;
/** @returns the session, with the salt that the next token is made with, or nothing */
const rotate = async (callback: ActingCallback, token: string, next: string) => {
  const text = `select * from login.rotate_refresh_token(refresh_token_hash => $1, new_salt => $2, new_refresh_token_hash => $3)`;
  return (await callback.pool.query(text, [hash(token), hash(`salt of ${next}`), hash(next)])).rows;
};
/** As if the last tokens had been replaced that long ago. */
const age = (db: TestDatabase, seconds: number) =>
  db.pool.query(`update registry.refresh_tokens set replaced_at = replaced_at - make_interval(secs => $1)`, [seconds]);
const endReason = async (db: TestDatabase) => (await one(db, 'select end_reason from registry.sessions')).end_reason;

test('a login is let in once, and its code is redeemed once, for the right verifier', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  const kari = await addKari(db, callback);
  const { opened } = await open(callback);
  assert.equal(opened, true);
  const [session, ...more] = await redeem(callback);
  assert.equal(more.length, 0);
  assert.deepEqual(
    [session?.user_id, session?.member_id, session?.organization],
    [kari.user_id, kari.id, callback.organization.slug],
  );
  assert.equal((await one(db, `select count(*)::int as n from audit.events where event = 'session_opened'`)).n, 1);
});

test('no session for somebody who is no member, at an unregistered address, twice, or late', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  assert.equal((await open(callback)).opened, false, 'unlinked');
  await addKari(db, callback);
  assert.equal((await open(callback, { return_to: 'https://evil.example/' })).opened, false, 'unregistered');
  const { observation_id } = await open(callback);
  const again = { observation_id, code_hash: randomBytes(32) };
  assert.equal((await open(callback, again)).opened, false, 'twice');
  const late = await callback.login();
  await db.pool.query(`update registry.observations set received_at = now() - interval '1 hour' where id = $1`, [
    late.observation_id,
  ]);
  assert.equal(
    (await open(callback, { observation_id: late.observation_id, code_hash: randomBytes(32) })).opened,
    false,
    'late',
  );
});

test('the same opening again, whose answer was lost, says yes again and opens nothing, until the code is used', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  const { observation_id } = await open(callback);
  assert.equal((await open(callback, { observation_id })).opened, true);
  assert.equal((await one(db, 'select count(*)::int as n from registry.sessions')).n, 1);
  assert.equal((await one(db, `select count(*)::int as n from audit.events where event = 'session_opened'`)).n, 1);
  const otherChallenge = createHash('sha256').update('another verifier').digest('base64url');
  assert.equal(
    (await open(callback, { observation_id, code_challenge: otherChallenge })).opened,
    false,
    'another challenge',
  );
  await redeem(callback);
  assert.equal((await open(callback, { observation_id })).opened, false, 'used');
});

const admit = async (callback: ActingCallback, login: Record<string, unknown>, askConsent = false) => {
  const values = [
    login.observation_id,
    login.member_id,
    askConsent,
    hash('code'),
    CHALLENGE,
    'https://app.example/return',
  ];
  const { rows } = await callback.pool.query('select login.admit($1, $2, $3, $4, $5, $6) as session', values);
  return rows[0]?.session as string;
};

test('along with the decision whoever is known is let in; nobody else, and nobody who is to be asked first', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  assert.equal(await admit(callback, await callback.login()), 'not_now', 'unlinked');
  const kari = await addKari(db, callback);
  const login = await callback.login();
  assert.equal(login.member_id, kari.id);
  assert.equal(await admit(callback, login, true), 'not_now', 'to be asked for consent');
  assert.equal((await one(db, 'select count(*)::int as n from registry.sessions')).n, 0);
  assert.equal(await admit(callback, login), 'opened');
  assert.equal((await redeem(callback))[0]?.member_id, kari.id);
  assert.equal(await admit(callback, login), 'refused', 'used');
});

test('a fault in opening the session takes nothing of the observation with it', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  await callback.login();
  await db.pool.query('alter table registry.sessions rename to sessions_gone');
  const id = crypto.randomUUID();
  const { rows } = await callback.pool.query(
    `select o.outcome, login.admit(o.observation_id, o.member_id, o.ask_consent, sha256('code'), $2, 'https://app.example/return') as session
     from login.record_observation(observation_id => $1, organization => $3, provider => 'vipps', issuer => $4,
       subject => 'subject-of-kari', authenticated_at => now()) as o`,
    [id, CHALLENGE, callback.organization.slug, 'https://provider.example/access-management-1.0/access/'],
  );
  // The table, or its type, is not there: which of them is missed first depends on what the session has read before.
  assert.match(rows[0]?.session, /^42(P01|704)$/);
  assert.equal((await one(db, `select count(*)::int as n from registry.observations where id = '${id}'`)).n, 1);
});

test('a deferred login of a linked person is let in', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  const kari = await addKari(db, callback);
  await callback.login();
  await db.pool.query('alter function private.settle_observation rename to settle_gone');
  assert.equal((await open(callback)).opened, true);
  assert.equal((await redeem(callback))[0]?.member_id, kari.id);
});

test('a code is used up by a wrong verifier, and refused when it has expired', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  await open(callback);
  assert.deepEqual(await redeem(callback, 'code', createHash('sha256').update('wrong').digest('base64url')), []);
  assert.deepEqual(await redeem(callback), []);
  await open(callback, { code_hash: hash('second') });
  await db.pool.query(`update registry.sessions set code_expires_at = now() - interval '1 second'`);
  assert.deepEqual(await redeem(callback, 'second'), []);
});

test('a used code with a wrong verifier ends nothing: whoever lacks the verifier may only have seen the code', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  await open(callback);
  await redeem(callback);
  const wrong = createHash('sha256').update('of somebody who saw the code').digest('base64url');
  assert.deepEqual(await redeem(callback, 'code', wrong, 'thief'), []);
  assert.equal(await endReason(db), null);
  assert.equal((await rotate(callback, 'first', 'second')).length, 1);
});

test('the same exchange again, whose answer was lost, is answered again; with another token it is a replay', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  await open(callback);
  const [once] = await redeem(callback);
  assert.deepEqual(await redeem(callback), [once]);
  assert.equal(await endReason(db), null);
  assert.equal((await one(db, 'select count(*)::int as n from registry.refresh_tokens')).n, 1);
  assert.deepEqual(await redeem(callback, 'code', CHALLENGE, 'another'), []);
  assert.equal(await endReason(db), 'code_replayed');
  assert.deepEqual(await redeem(callback), [], 'over');
});

test('replay of a used code ends the session', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  await open(callback);
  await redeem(callback);
  assert.deepEqual(await redeem(callback, 'code', CHALLENGE, 'thief'), []);
  assert.equal(await endReason(db), 'code_replayed');
  assert.deepEqual(await rotate(callback, 'first', 'second'), []);
});

test('refresh tokens rotate; the reuse of an old one ends the family', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  await open(callback);
  await redeem(callback);
  assert.equal((await rotate(callback, 'first', 'second')).length, 1);
  assert.equal((await rotate(callback, 'second', 'third')).length, 1);
  assert.deepEqual(await rotate(callback, 'unknown', 'x'), []);
  assert.equal(await endReason(db), null);
  assert.deepEqual(await rotate(callback, 'first', 'x'), []);
  assert.equal(await endReason(db), 'refresh_token_reused');
  assert.deepEqual(await rotate(callback, 'third', 'fourth'), []);
  assert.equal((await one(db, `select count(*)::int as n from audit.events where event = 'session_ended'`)).n, 1);
});

test('one refresh token used ten times at once gives ten answers, and all of them one next token', async () => {
  await using db = await createTestDatabase();
  await waitWithoutLimit(db);
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  await open(callback);
  await redeem(callback);
  const answers = await Promise.all(Array.from({ length: 10 }, (_, nth) => rotate(callback, 'first', `next ${nth}`)));
  const salts = answers.flat().map(({ salt }) => salt.toString('hex'));
  assert.equal(salts.length, 10);
  assert.equal(new Set(salts).size, 1);
  assert.equal(await endReason(db), null);
  const { token_hash } = await one(db, 'select token_hash from registry.refresh_tokens where replaced_at is null');
  const winner = Array.from({ length: 10 }, (_, nth) => `next ${nth}`).find((next) => hash(next).equals(token_hash));
  assert.equal(hash(`salt of ${winner}`).toString('hex'), salts[0], 'the salt belongs to the token that was kept');
  assert.equal((await rotate(callback, winner ?? '', 'after')).length, 1);
});

test('a token may come again for a minute while the next one is unused, and what is older ends the family', async () => {
  const cases: [string, (callback: ActingCallback, db: TestDatabase) => Promise<unknown>, string, string | null][] = [
    ['at once', async () => undefined, 'second', null],
    ['after 59 seconds', (_, db) => age(db, 59), 'second', null],
    ['after 60 seconds', (_, db) => age(db, 60), 'second', 'refresh_token_reused'],
    ['the one before, at once', async () => undefined, 'first', 'refresh_token_reused'],
    ['when the next one was used', (callback) => rotate(callback, 'third', 'fourth'), 'second', 'refresh_token_reused'],
    [
      'when the next one came again too',
      async (callback) => void (await rotate(callback, 'second', 'x')),
      'second',
      null,
    ],
  ];
  for (const [name, meanwhile, token, ending] of cases) {
    await inCase(name, async () => {
      await using db = await createTestDatabase();
      const callback = await actAsCallback(db);
      await addKari(db, callback);
      await open(callback);
      await redeem(callback);
      await rotate(callback, 'first', 'second');
      const [before] = await rotate(callback, 'second', 'third');
      await meanwhile(callback, db);
      const [again] = await rotate(callback, token, 'other');
      assert.equal(await endReason(db), ending);
      if (ending === null) assert.deepEqual(again, before);
      else assert.equal(again, undefined);
    });
  }
});

test('a repeated use asks what the first one asked: the session has not run out, and its login is still linked', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  await open(callback);
  await redeem(callback);
  await rotate(callback, 'first', 'second');
  const ends = await one(db, 'select expires_at from registry.sessions');
  await rotate(callback, 'first', 'other');
  assert.deepEqual(await one(db, 'select expires_at from registry.sessions'), ends, 'it does not live longer for it');
  await db.pool.query('delete from registry.identity_links');
  assert.deepEqual(await rotate(callback, 'first', 'other'), []);
  assert.equal(await endReason(db), 'link_removed');
});

test('of any sequence of uses: the current token and, for a minute, the one before give the session, all others end it', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  const steps = fc.array(fc.record({ back: fc.nat({ max: 3 }), seconds: fc.constantFrom(0, 0, 1, 30, 59, 61) }), {
    minLength: 1,
    maxLength: 12,
  });
  let run = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (uses) => {
      run += 1;
      const name = (nth: number) => `${run}: ${nth}`;
      await open(callback, { code_hash: hash(`code ${run}`) });
      await redeem(callback, `code ${run}`, CHALLENGE, name(0));
      // What the rule says: the newest token, how long ago it took the place of the one before, whether the family lives.
      let newest = 0;
      let since = Number.POSITIVE_INFINITY;
      let lives = true;
      for (const [at, { back, seconds }] of uses.entries()) {
        await age(db, seconds);
        since += seconds;
        const used = Math.max(0, newest - back);
        const rows = await rotate(
          callback,
          name(used),
          used === newest ? name(newest + 1) : `${run}, made for use ${at}`,
        );
        lives &&= used === newest || (used === newest - 1 && since < 59.9);
        assert.equal(rows.length, lives ? 1 : 0, `use ${at} of ${used}, newest ${newest}`);
        if (!lives) return;
        if (used < newest) assert.ok(hash(`salt of ${name(newest)}`).equals(rows[0].salt), 'the same next token');
        else [newest, since] = [newest + 1, 0];
      }
    }),
    { numRuns: 60 },
  );
});

test('a hundred identical transactions: one is fresh', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  const id = '5f6d7c0e-9d0b-4c1e-8a59-0c6c2e7b7a11';
  const answers = await Promise.all(
    Array.from({ length: 100 }, () =>
      callback.pool.query(`select login.consume_transaction($1, now() + interval '10 minutes') as fresh`, [id]),
    ),
  );
  assert.equal(answers.filter(({ rows }) => rows[0].fresh).length, 1);
});

/** A login that nothing of Kari's record points at. */
const STRANGER = { subject: 'stranger', phone: '+4799999999', email: 'x@example.org' };
const OLA = { given_name: 'Ola', family_name: 'Hansen', phone: '+4790000002', email: 'ola@example.org' };

test('undoing the decision that linked a login ends the sessions which that login began, and no others', () =>
  atTheDesk(async ({ db, callback, coordinator }) => {
    const kari = await addKari(db, callback);
    const own = await openSession(callback, (await callback.login()).observation_id);
    const first = await callback.login(STRANGER);
    const { conflict_id } = await coordinator.call('link_login', first.observation_id, kari.id, 'a mistake');
    const stranger = await openSession(callback, (await callback.login(STRANGER)).observation_id);
    assert.deepEqual([stranger.memberId, await stranger.refresh()], [kari.id, true]);
    const late = await callback.login(STRANGER);
    assert.equal((await coordinator.call('undo_resolution', conflict_id, 'not hers')).state, 'open');
    assert.equal(await stranger.refresh(), false);
    assert.equal(await own.refresh(), true);
    const ended = await one(db, `select detail, actor from audit.events where event = 'session_ended'`);
    assert.deepEqual(ended.detail, { session_id: stranger.id, reason: 'link_removed' });
    assert.equal(await isLetIn(callback, late.observation_id), false, 'a login that was under way');
  }));

/** Why each session ended, as it is stored; null: it lives. */
const ends = (db: TestDatabase, ...sessions: { id: string }[]) =>
  Promise.all(
    sessions.map(
      async ({ id }) => (await one(db, 'select end_reason from registry.sessions where id = $1', [id])).end_reason,
    ),
  );
const isLive = async ({ pool, organization }: ActingCallback, id: string): Promise<boolean> =>
  (await pool.query('select login.session_is_live($1, $2) as live', [id, organization.slug])).rows[0].live;

test('moving a login to another member ends the sessions it began as the first one, and so does moving it back', () =>
  atTheDesk(async ({ db, callback, coordinator, settle, openCases }) => {
    await addKari(db, callback);
    const ola = await addMember(db, callback.organization, OLA);
    const karis = await openSession(callback, (await callback.login()).observation_id);
    const olas = await openSession(callback, (await callback.login({ ...OLA, subject: 'ola' })).observation_id);
    const underWay = await callback.login();
    assert.equal((await redeemLink(callback, (await proposeLink(callback, olas, KARI)).code, olas))?.refused, true);
    const [moved] = await openCases();
    assert.equal((await settle('accept_observed')).state, 'resolved');
    // With the decision itself, before anything asks for a refresh: /link asks nothing else.
    assert.deepEqual(await ends(db, karis, olas), ['link_removed', null]);
    assert.deepEqual([await isLive(callback, karis.id), await isLive(callback, olas.id)], [false, true]);
    assert.equal(await karis.refresh(), false);
    assert.equal(await isLetIn(callback, underWay.observation_id), false, 'a login that was under way');
    assert.equal(await olas.refresh(), true);
    const afterwards = await openSession(callback, (await callback.login()).observation_id);
    assert.equal(afterwards.memberId, ola.id);
    assert.equal((await coordinator.call('undo_resolution', moved?.id, 'not hers')).state, 'open');
    assert.deepEqual(await ends(db, afterwards, olas), ['link_removed', null]);
    assert.equal(await isLive(callback, afterwards.id), false);
    assert.equal(await afterwards.refresh(), false);
    assert.equal(await olas.refresh(), true);
  }));

test('undoing a merge ends the sessions that its logins began as the survivor; those of before go back', () =>
  atTheDesk(async ({ db, callback, coordinator, settle, openCases }) => {
    const kari = await addKari(db, callback);
    const ola = await addMember(db, callback.organization, OLA);
    const before = await openSession(callback, (await callback.login()).observation_id);
    await db.pool.query(
      `insert into registry.conflicts (organization_id, kind, member_id, other_member_id, observation_id, fingerprint)
       select organization_id, 'subject_moved', $1, $2, id, 'made for this test' from registry.observations`,
      [kari.id, ola.id],
    );
    const [merge] = await openCases();
    await settle('merge_into');
    const after = await openSession(callback, (await callback.login({ ...KARI })).observation_id);
    assert.equal(after.memberId, ola.id);
    assert.equal((await coordinator.call('undo_resolution', merge?.id, 'two people')).state, 'open');
    assert.deepEqual(await ends(db, after, before), ['link_removed', null]);
    assert.equal(await after.refresh(), false);
    assert.equal(await before.refresh(), true);
  }));

test('a session whose login lost its link in the very moment of opening ends at the first refresh', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  const session = await openSession(callback, (await callback.login()).observation_id);
  await db.pool.query('delete from registry.identity_links');
  assert.equal(await session.refresh(), false);
  assert.equal(await endReason(db), 'link_removed');
});

test('a session lives in its own organisation only', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  const other = await actAsCallback(db);
  await addKari(db, callback);
  const session = await openSession(callback, (await callback.login()).observation_id);
  assert.deepEqual([await isLive(callback, session.id), await isLive(other, session.id)], [true, false]);
});

test('a session whose code nobody has redeemed is none yet', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback);
  assert.equal(await isLetIn(callback, (await callback.login()).observation_id), true);
  const { id } = await one<{ id: string }>(db, 'select id from registry.sessions');
  assert.equal(await isLive(callback, id), false);
});
