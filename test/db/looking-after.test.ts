import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'vitest';
import { actAsCallback, addKari, one } from '../support/acting-callback.ts';
import { blocked } from '../support/blocked.ts';
import { becomeCoordinator } from '../support/coordinator.ts';
import { atTheDesk, type Desk } from '../support/desk.ts';
import { inCase } from '../support/in-case.ts';
import { addMember, decoyNumber, sampleNumbers } from '../support/samples.ts';

// Assignment, postponing and comments: who looks after a case, when, and what colleagues should know. None of it decides anything.

const [NUMBER, OTHER_NUMBER, THIRD_NUMBER] = sampleNumbers;
const DAY = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * DAY).toISOString().slice(0, 10);

type Shown = Record<string, unknown> & { id: string; version: number };
const shown = async ({ coordinator }: Desk) =>
  (await coordinator.query<Shown>('select * from api.open_conflicts order by opened_at, id'))[0] as Shown;

/** Somebody logs in with another number than the record has. */
async function mismatch({ db, callback }: Desk, personnummer: string = NUMBER) {
  const kari = await addKari(db, callback, { personnummer: OTHER_NUMBER });
  await callback.login({ personnummer });
  return kari;
}

test('a case is taken, a colleague who takes it is told who has it, given back it can be taken', () =>
  atTheDesk(async (desk) => {
    const { db, callback, coordinator } = desk;
    const colleague = await becomeCoordinator(db, callback.organization);
    await db.pool.query(`update registry.coordinators set name = 'Ola Nordmann' where user_id = $1`, [
      coordinator.userId,
    ]);
    await mismatch(desk);
    const { id, version } = await shown(desk);
    const taken = await coordinator.call('assign_conflict', id, coordinator.userId);
    assert.deepEqual([taken.assigned_to, taken.assigned_name], [coordinator.userId, 'Ola Nordmann']);
    const { assigned_to, assigned_name, assigned_until, version: same } = await shown(desk);
    assert.deepEqual([assigned_to, assigned_name, same], [coordinator.userId, 'Ola Nordmann', version]);
    const days = ((assigned_until as Date).getTime() - Date.now()) / DAY;
    assert.ok(days > 6.9 && days < 7.1, String(days));

    const late = await colleague.call('assign_conflict', id, colleague.userId);
    assert.deepEqual([late.code, late.assigned_name], ['already_assigned', 'Ola Nordmann']);
    assert.equal(
      (await coordinator.call('assign_conflict', id, colleague.userId)).assigned_to,
      colleague.userId,
      'who has it may hand it over',
    );
    assert.equal((await coordinator.call('assign_conflict', id, null)).assigned_to, null, 'anybody may give it back');
    assert.equal((await colleague.call('assign_conflict', id, colleague.userId)).code, undefined);
    assert.equal(
      (await coordinator.call('resolve_conflict', id, 'keep_existing', null, version)).state,
      'resolved',
      'an assignment binds nobody',
    );
    assert.equal((await one(db, 'select assigned_to from registry.conflicts')).assigned_to, null);
    assert.equal((await coordinator.call('assign_conflict', id, coordinator.userId)).code, 'not_open');
    const { rows: told } = await db.pool.query(
      `select message, detail ->> 'assigned_to' as to from audit.events where event = 'case_assigned' order by id`,
    );
    const toSomebody = 'The case was assigned to a coordinator.';
    assert.deepEqual(told, [
      { message: toSomebody, to: coordinator.userId },
      { message: toSomebody, to: colleague.userId },
      { message: 'The case is assigned to nobody.', to: null },
      { message: toSomebody, to: colleague.userId },
    ]);
  }));

test('two coordinators take one case at the same moment: one has it, the other is told so', () =>
  atTheDesk(async (desk) => {
    const { db, callback, coordinator } = desk;
    const colleague = await becomeCoordinator(db, callback.organization);
    await mismatch(desk);
    const { id } = await shown(desk);
    const holder = await db.pool.connect();
    await holder.query('begin');
    await holder.query('select from registry.conflicts for update');
    const both = Promise.all([
      coordinator.call('assign_conflict', id, coordinator.userId),
      colleague.call('assign_conflict', id, colleague.userId),
    ]);
    await blocked(db, 2);
    await holder.query('commit');
    holder.release();
    const replies = await both;
    assert.deepEqual(replies.map(({ code }) => code ?? 'taken').toSorted(), ['already_assigned', 'taken']);
    assert.equal(replies[0]?.assigned_to, replies[1]?.assigned_to, 'both are told the same');
  }));

test('an assignment ends after seven days without action, at once with the coordinator, and lasts with what is done', () =>
  atTheDesk(async (desk) => {
    const { db, callback, coordinator } = desk;
    const colleague = await becomeCoordinator(db, callback.organization);
    await mismatch(desk);
    const { id } = await shown(desk);
    const passed = (time: string) =>
      db.pool.query(`update registry.conflicts set assigned_until = assigned_until - $1::interval`, [time]);
    await coordinator.call('assign_conflict', id, coordinator.userId);
    await passed('6 days');
    await colleague.call('add_comment', id, 'not mine');
    await passed('23 hours');
    assert.equal((await shown(desk)).assigned_to, coordinator.userId);
    await coordinator.call('add_comment', id, 'asked her');
    await passed('6 days');
    assert.equal((await shown(desk)).assigned_to, coordinator.userId, 'a comment of the one who has it counts');
    await passed('2 days');
    assert.equal((await shown(desk)).assigned_to, null);
    assert.equal((await colleague.call('assign_conflict', id, colleague.userId)).assigned_to, colleague.userId);
    await db.pool.query('delete from registry.coordinators where user_id = $1', [colleague.userId]);
    assert.equal((await shown(desk)).assigned_to, null, 'who is no coordinator any more looks after nothing');
  }));

test('proposing a decision is an action: the assignment lasts from then', () =>
  atTheDesk(async (desk) => {
    const { db, coordinator } = desk;
    await db.pool.query(`update registry.organizations set second_approval = '{keep_existing}'`);
    await mismatch(desk);
    const { id, version } = await shown(desk);
    await coordinator.call('assign_conflict', id, coordinator.userId);
    const passed = () =>
      db.pool.query(`update registry.conflicts set assigned_until = assigned_until - interval '6 days'`);
    await passed();
    assert.equal((await coordinator.call('resolve_conflict', id, 'keep_existing', null, version)).state, 'proposed');
    await passed();
    assert.equal((await shown(desk)).assigned_to, coordinator.userId);
  }));

test('a postponed case comes back on its day, and before when it changes', () =>
  atTheDesk(async (desk) => {
    const { db, callback, coordinator } = desk;
    await mismatch(desk);
    const { id, version } = await shown(desk);
    const postponed = async () => (await shown(desk)).postponed_until !== null;
    const answer = await coordinator.call('postpone_conflict', id, inDays(10), 'she is away');
    assert.deepEqual([answer.postponed_until, answer.version], [inDays(10), version]);
    assert.equal(await postponed(), true);
    await callback.login({ personnummer: NUMBER });
    assert.equal(await postponed(), true, 'the same again');
    await db.pool.query('update registry.conflicts set postponed_until = private.today()');
    assert.equal(await postponed(), false, 'the day has come');
    await coordinator.call('postpone_conflict', id, inDays(10), null);
    await addMember(db, callback.organization, { personnummer: NUMBER });
    await callback.login({ personnummer: NUMBER });
    const changed = await shown(desk);
    assert.deepEqual([changed.postponed_until, changed.version], [null, version + 1], 'another member has the number');
    await coordinator.call('postpone_conflict', id, inDays(10), null);
    await coordinator.call('postpone_conflict', id, null, null);
    assert.equal(await postponed(), false, 'taken back');
    assert.deepEqual(
      (await coordinator.query('select text from api.conflict_comments')).map(({ text }) => text),
      ['she is away'],
      'the note is a comment',
    );
  }));

test('a login in question that brings another number is news: its case is not postponed any more', () =>
  atTheDesk(async (desk) => {
    const { db, callback, coordinator } = desk;
    await addKari(db, callback);
    const renamed = { family_name: 'Hansen' };
    assert.equal((await callback.login({ ...renamed, personnummer: NUMBER })).outcome, 'name_mismatch');
    const { id, version } = await shown(desk);
    await coordinator.call('postpone_conflict', id, inDays(3), null);
    await callback.login({ ...renamed, personnummer: NUMBER });
    assert.notEqual((await shown(desk)).postponed_until, null);
    await callback.login({ ...renamed, personnummer: THIRD_NUMBER });
    const { postponed_until, version: newer } = await shown(desk);
    assert.deepEqual([postponed_until, newer], [null, version + 1]);
  }));

test('comments are shown with their writers, and the audit has none of their text', () =>
  atTheDesk(async (desk) => {
    const { db, coordinator } = desk;
    await mismatch(desk);
    const { id } = await shown(desk);
    await coordinator.call('add_comment', id, 'Her mother says that she moved.');
    assert.equal((await shown(desk)).comments, 1);
    const [comment] = await coordinator.query<Record<string, unknown>>('select * from api.conflict_comments');
    assert.deepEqual(
      [comment?.conflict_id, comment?.user_id, comment?.name, comment?.text],
      [id, coordinator.userId, `user ${coordinator.userId.slice(0, 8)}`, 'Her mother says that she moved.'],
    );
    const event = await one(db, `select * from audit.events where event = 'case_commented'`);
    assert.deepEqual([event.conflict_id, event.detail.comment_id], [id, comment?.id]);
    assert.doesNotMatch(JSON.stringify(event), /mother/);
  }));

test('what is refused, and that foreign and unknown are alike', () =>
  atTheDesk(async (desk) => {
    const { db, coordinator } = desk;
    const elsewhere = await actAsCallback(db);
    const stranger = await becomeCoordinator(db, elsewhere.organization);
    await mismatch(desk);
    const { id } = await shown(desk);
    const refusals: [string, string, unknown[]][] = [
      ['number_in_note', 'add_comment', [id, `it is ${decoyNumber}`]],
      ['note_too_long', 'add_comment', [id, 'x'.repeat(4001)]],
      ...[' ', '\n\t ', '\u00a0', '\u2003\u3000', '\u200b', '\u00ad\ufeff'].map((text): [string, string, unknown[]] => [
        'text_missing',
        'add_comment',
        [id, text],
      ]),
      ['text_missing', 'add_comment', [id, null]],
      ['number_in_note', 'postpone_conflict', [id, inDays(3), decoyNumber]],
      ['date_unusable', 'postpone_conflict', [id, inDays(-1), null]],
      ['date_unusable', 'postpone_conflict', [id, inDays(0), null]],
      ['date_unusable', 'postpone_conflict', [id, inDays(400), null]],
      ['date_unusable', 'postpone_conflict', [id, 'infinity', null]],
      ['not_found', 'assign_conflict', [id, stranger.userId]],
      ['not_found', 'assign_conflict', [id, randomUUID()]],
      ['not_found', 'assign_conflict', [randomUUID(), coordinator.userId]],
    ];
    for (const [code, name, values] of refusals)
      await inCase(`${name} ${code}`, async () => assert.equal((await coordinator.call(name, ...values)).code, code));
    for (const [name, ...values] of [
      ['assign_conflict', stranger.userId],
      ['postpone_conflict', inDays(3), null],
      ['add_comment', 'mine?'],
    ] as const) {
      const [known, unknown] = [id, randomUUID()].map((each) => stranger.call(name, each, ...values));
      assert.deepEqual(await known, await unknown, name);
      assert.equal((await known)?.code, 'not_found');
    }
    assert.deepEqual(await stranger.query('select * from api.conflict_comments'), []);
    const refused = await one(db, `select count(*)::int as n from audit.events where event = 'refused'`);
    assert.ok(refused.n > refusals.length / 2);
  }));

test('a case has two hundred comments at most', () =>
  atTheDesk(async (desk) => {
    const { db, callback, coordinator } = desk;
    await mismatch(desk);
    const { id } = await shown(desk);
    await db.pool.query(
      `insert into registry.conflict_comments (organization_id, conflict_id, user_id, text)
       select $1, $2, gen_random_uuid(), 'again' from generate_series(1, 199)`,
      [callback.organization.id, id],
    );
    assert.equal((await coordinator.call('add_comment', id, 'the last')).code, undefined);
    assert.equal((await coordinator.call('add_comment', id, 'one more')).code, 'too_many_comments');
  }));
