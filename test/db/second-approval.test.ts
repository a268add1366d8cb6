import assert from 'node:assert/strict';
import { test } from 'vitest';
import { actAsCallback, addKari, one } from '../support/acting-callback.ts';
import { blocked } from '../support/blocked.ts';
import { becomeCoordinator, type Coordinator, type Reply } from '../support/coordinator.ts';
import { atTheDesk, type Desk, eventsBy, record } from '../support/desk.ts';
import { addMember, decoyNumber, sampleNumbers } from '../support/samples.ts';

// Two pairs of eyes: what one coordinator proposes and another approves, declines, or the first one withdraws.

const [NUMBER, OTHER_NUMBER, THIRD_NUMBER] = sampleNumbers;

type Pair = Desk & { colleague: Coordinator; proposed: Reply & { conflict_id: string; version: number } };

/** An organisation with two coordinators in which some decisions need both. */
function inPairs(decisions: string[], action: (pair: Omit<Pair, 'proposed'>) => Promise<void>) {
  return atTheDesk(async (desk) => {
    const colleague = await becomeCoordinator(desk.db, desk.callback.organization);
    await desk.db.pool.query('update registry.organizations set second_approval = $1', [decisions]);
    await action({ ...desk, colleague });
  });
}

/** One of them has proposed that a record takes the number of a login. */
const withProposal = (action: (pair: Pair & { member: string }) => Promise<void>) =>
  inPairs(['accept_observed'], async (pair) => {
    const kari = await addKari(pair.db, pair.callback, { personnummer: OTHER_NUMBER });
    await pair.callback.login({ personnummer: NUMBER });
    const proposed = (await pair.settle('accept_observed')) as Pair['proposed'];
    assert.equal(proposed.state, 'proposed');
    await action({ ...pair, proposed, member: kari.id });
  });

const approvals = (coordinator: Coordinator) =>
  coordinator.query<Record<string, unknown>>('select * from api.approvals order by proposed_at');
const state = async (desk: Pick<Desk, 'db'>) => (await one(desk.db, 'select state from registry.conflicts')).state;

test('a proposal changes nothing but the case; approved, it takes effect, and can be undone by either', () =>
  withProposal(async ({ db, callback, coordinator, colleague, proposed, member, openCases }) => {
    assert.deepEqual([proposed.decision, proposed.proposed_decision, proposed.version], [null, 'accept_observed', 2]);
    assert.equal((await record(db, member)).version, 1);
    const [shown] = (await openCases()) as unknown as Record<string, unknown>[];
    assert.deepEqual(
      [shown?.state, shown?.proposed_decision, shown?.proposed_by, shown?.proposal_note, shown?.need_approval],
      ['proposed', 'accept_observed', coordinator.userId, 'seen the papers', ['accept_observed']],
    );
    const [waiting] = await approvals(colleague);
    assert.deepEqual(
      [waiting?.conflict_id, waiting?.decision, waiting?.note, waiting?.mine, waiting?.evidence_changed],
      [proposed.conflict_id, 'accept_observed', 'seen the papers', false, false],
    );
    assert.equal((await approvals(coordinator))[0]?.mine, true);

    const reply = await colleague.call('approve', proposed.conflict_id, 2);
    assert.deepEqual([reply.state, reply.decision, reply.proposed_decision], ['resolved', 'accept_observed', null]);
    assert.equal((await record(db, member)).personnummer_masked, '018150*****');
    assert.deepEqual(await eventsBy(db), ['decision_proposed', 'number_accepted', 'case_resolved']);
    const event = await one(db, `select actor, detail from audit.events where event = 'case_resolved'`);
    assert.deepEqual(
      [event.actor, event.detail.proposed_by],
      [`coordinator:${colleague.userId}`, `coordinator:${coordinator.userId}`],
    );
    const [settled] = await coordinator.query<Record<string, unknown>>('select * from api.settled_conflicts');
    assert.deepEqual(
      [settled?.decided_by, settled?.proposed_by, settled?.note],
      [colleague.userId, coordinator.userId, 'seen the papers'],
    );
    assert.deepEqual(await approvals(colleague), []);
    assert.equal((await callback.login({ personnummer: NUMBER })).outcome, 'confirmed');

    const undone = await coordinator.call('undo_resolution', proposed.conflict_id, 'another person');
    assert.deepEqual([undone.state, undone.proposed_decision], ['open', null]);
    assert.notEqual((await record(db, member)).personnummer_masked, '018150*****');
  }));

test('nobody approves or declines what they proposed, and the table itself says so', () =>
  withProposal(async ({ db, coordinator, proposed, member }) => {
    const before = await record(db, member);
    assert.equal((await coordinator.call('approve', proposed.conflict_id, 2)).code, 'own_proposal');
    assert.deepEqual(await record(db, member), before, 'nothing of the decision is left');
    assert.equal((await coordinator.call('decline', proposed.conflict_id, null, 2)).code, 'own_proposal');
    assert.equal(await state({ db }), 'proposed');
    await assert.rejects(
      db.pool.query(
        `update registry.conflicts set state = 'resolved', decision = (proposal).decision, decided_by = (proposal).by,
           closed_at = now()`,
      ),
      { code: '23514', constraint: 'conflicts_two_people' },
    );
    await assert.rejects(
      db.pool.query(
        `insert into registry.resolutions (organization_id, conflict_id, decision, decided_by, proposed_by)
         select organization_id, id, (proposal).decision, (proposal).by, (proposal).by from registry.conflicts`,
      ),
      { code: '23514', constraint: 'resolutions_two_people' },
    );
    const { event } = await one(db, `select event from audit.events order by id desc limit 1`);
    assert.equal(event, 'refused');
  }));

test('declined, the case is open again and both notes are comments; withdrawn by the one who proposed only', () =>
  withProposal(async ({ db, coordinator, colleague, proposed, settle }) => {
    const id = proposed.conflict_id;
    assert.equal((await colleague.call('decline', id, `is ${decoyNumber} right?`, 2)).code, 'number_in_note');
    const declined = await colleague.call('decline', id, 'ask her first', 2);
    assert.deepEqual([declined.state, declined.version], ['open', 3]);
    const comments = await coordinator.query('select user_id, text from api.conflict_comments order by written_at, id');
    assert.deepEqual(comments, [
      { user_id: coordinator.userId, text: 'seen the papers' },
      { user_id: colleague.userId, text: 'ask her first' },
    ]);
    assert.equal((await settle('accept_observed')).state, 'proposed');
    assert.equal((await colleague.call('withdraw_proposal', id, 4)).code, 'not_your_proposal');
    assert.equal((await coordinator.call('withdraw_proposal', id, 2)).code, 'stale_version');
    assert.equal((await coordinator.call('withdraw_proposal', id, 4)).state, 'open');
    assert.equal((await coordinator.call('withdraw_proposal', id, 5)).code, 'not_proposed');
    assert.equal((await colleague.call('approve', id, 5)).code, 'not_proposed');
    const events = (await eventsBy(db)).filter((event) => event.startsWith('decision_'));
    assert.deepEqual(events, ['decision_proposed', 'decision_declined', 'decision_proposed', 'decision_withdrawn']);
  }));

test('a proposed case takes no other decision, but one that needs no approval elsewhere is not proposed', () =>
  withProposal(async ({ callback, colleague, coordinator, proposed, openCases, settle }) => {
    for (const each of [coordinator, colleague])
      for (const decision of ['accept_observed', 'keep_existing'])
        assert.equal(
          (await each.call('resolve_conflict', proposed.conflict_id, decision, null, 2)).code,
          'awaits_approval',
        );
    assert.equal(
      (await coordinator.call('postpone_conflict', proposed.conflict_id, '2099-01-01', null)).code,
      'awaits_approval',
    );
    await callback.login({ personnummer: THIRD_NUMBER });
    assert.equal((await openCases()).length, 2);
    assert.equal((await settle('keep_existing', 1)).state, 'resolved');
  }));

/** What may change between a proposal and its approval; each makes it one that nobody has looked at. */
const CHANGES: Record<string, (pair: Pair & { member: string }) => Promise<unknown>> = {
  'the record has another phone': ({ db, member }) =>
    db.pool.query(`update registry.members set phone = '+4790000077' where id = $1`, [member]),
  'the record has another number with the same birth date': ({ db, member }) =>
    db.pool.query(
      `update registry.members set personnummer_index = 'v1.another', personnummer_at = clock_timestamp() where id = $1`,
      [member],
    ),
  'the login is linked to nobody any more': ({ db }) => db.pool.query('delete from registry.identity_links'),
  'another member has the number now': async ({ db, callback, proposed }) => {
    await addMember(db, callback.organization, { personnummer: NUMBER });
    await callback.login({ personnummer: NUMBER });
    proposed.version += 1;
  },
};
for (const [what, change] of Object.entries(CHANGES)) {
  test(`what was proposed cannot be approved when ${what}`, () =>
    withProposal(async (pair) => {
      await change(pair);
      const { colleague, coordinator, proposed, db, member } = pair;
      const { version } = await record(db, member);
      assert.equal((await approvals(colleague))[0]?.evidence_changed, true);
      assert.equal((await colleague.call('approve', proposed.conflict_id, proposed.version)).code, 'evidence_changed');
      assert.equal((await record(db, member)).version, version);
      assert.equal((await coordinator.call('withdraw_proposal', proposed.conflict_id, proposed.version)).state, 'open');
    }));
}

test('the same login again, and a renewed key, leave a proposal as it is', () =>
  withProposal(async ({ db, callback, colleague, proposed }) => {
    await callback.login({ personnummer: NUMBER });
    await db.pool.query(`update registry.members set personnummer_index = 'v2.renewed'`);
    assert.equal((await colleague.call('approve', proposed.conflict_id, 2)).state, 'resolved');
  }));

test('a proposed case answers itself like an open one, and its number is in question like that of an open one', () =>
  withProposal(async ({ db, callback, colleague, proposed, member }) => {
    const waiting = () => one(db, 'select count(*)::int as n from sync.pushes where waits_for_conflict_id is not null');
    await db.pool.query('select private.queue_push($1, null)', [member]);
    assert.equal((await waiting()).n, 1);
    const forms = await one(db, 'select personnummer_index, personnummer_masked from registry.observations');
    await db.pool.query(
      `update registry.members set personnummer_index = $1, personnummer_masked = $2, personnummer_at = now()`,
      [forms.personnummer_index, forms.personnummer_masked],
    );
    await db.pool.query(`select private.close_obsolete_cases($1, array[$2::uuid], 'import')`, [
      callback.organization.id,
      member,
    ]);
    assert.equal(await state({ db }), 'superseded');
    assert.equal((await waiting()).n, 0);
    assert.deepEqual(await approvals(colleague), []);
    assert.equal((await colleague.call('approve', proposed.conflict_id, 3)).code, 'not_proposed');
  }));

test('the proposal of a coordinator who was removed can be approved all the same', () =>
  withProposal(async ({ db, coordinator, colleague, proposed }) => {
    await db.pool.query('delete from registry.coordinators where user_id = $1', [coordinator.userId]);
    assert.equal((await coordinator.call('withdraw_proposal', proposed.conflict_id, 2)).code, 'not_found');
    assert.equal((await approvals(colleague))[0]?.proposed_by_name, `user ${coordinator.userId.slice(0, 8)}`);
    assert.equal((await colleague.call('approve', proposed.conflict_id, 2)).state, 'resolved');
  }));

test('two approve, or one approves what the other withdraws, at the same moment: one is told that it is over', () =>
  withProposal(async ({ db, callback, coordinator, colleague, proposed }) => {
    const third = await becomeCoordinator(db, callback.organization);
    const holder = await db.pool.connect();
    await holder.query('begin');
    await holder.query('select from registry.members for update');
    const all = Promise.all([
      colleague.call('approve', proposed.conflict_id, 2),
      third.call('approve', proposed.conflict_id, 2),
      coordinator.call('withdraw_proposal', proposed.conflict_id, 2),
    ]);
    await blocked(db, 3);
    await holder.query('commit');
    holder.release();
    const done = (await all).filter(({ code }) => code === undefined);
    const refused = (await all).filter(({ code }) => code === 'stale_version');
    assert.deepEqual([done.length, refused.length], [1, 2]);
    const { n } = await one(db, 'select count(*)::int as n from registry.resolutions');
    assert.equal(n, done[0]?.state === 'resolved' ? 1 : 0);
  }));

test('a merge is proposed, approved and undone; what is proposed about the merged record falls', () =>
  inPairs(['merge_into', 'accept_observed'], async ({ db, callback, colleague, coordinator, settle, openCases }) => {
    const kari = await addKari(db, callback, { personnummer: OTHER_NUMBER });
    await callback.login({ personnummer: THIRD_NUMBER });
    assert.equal((await settle('accept_observed')).state, 'proposed');
    await addMember(db, callback.organization, { personnummer: NUMBER });
    await callback.login({ personnummer: NUMBER });
    const merge = await settle('merge_into', 1);
    assert.deepEqual([merge.state, (await openCases()).length], ['proposed', 2]);
    assert.equal((await colleague.call('approve', merge.conflict_id, merge.version)).state, 'resolved');
    assert.notEqual((await record(db, kari.id)).merged_into, null);
    assert.deepEqual(await approvals(colleague), []);
    assert.equal((await coordinator.call('undo_resolution', merge.conflict_id, null)).state, 'open');
    assert.deepEqual(
      (await openCases()).map((each) => (each as unknown as { state: string }).state),
      ['open', 'open'],
      'without the proposal',
    );
  }));

test('linking a login is proposed on a case, and done when it is approved', () =>
  inPairs(['link_login'], async ({ db, callback, coordinator, colleague }) => {
    const kari = await addKari(db, callback);
    const stranger = { subject: 'stranger', phone: null, email: null, personnummer: NUMBER };
    const { observation_id } = await callback.login(stranger);
    const [before] = await coordinator.query('select needs_approval from api.unlinked_logins');
    assert.deepEqual(before, { needs_approval: true }, 'said before it is chosen');
    const proposed = await coordinator.call('link_login', observation_id, kari.id, 'asked her');
    assert.deepEqual([proposed.linked, proposed.state, proposed.proposed_decision], [false, 'proposed', 'link_login']);
    assert.equal((await callback.login(stranger)).outcome, 'unlinked');
    assert.equal((await colleague.call('link_login', observation_id, kari.id, null)).code, 'awaits_approval');
    assert.equal((await approvals(colleague))[0]?.member_id, kari.id);
    const reply = await colleague.call('approve', proposed.conflict_id, proposed.version);
    assert.deepEqual([reply.state, reply.decision], ['resolved', 'link_login']);
    assert.equal((await callback.login(stranger)).outcome, 'confirmed');
    assert.equal((await record(db, kari.id)).personnummer_masked, '018150*****');
    assert.equal((await coordinator.call('undo_resolution', proposed.conflict_id, null)).state, 'open');
    assert.equal((await record(db, kari.id)).personnummer_masked, null);
    const again = await colleague.call('link_login', observation_id, kari.id, null);
    assert.deepEqual([again.state, again.conflict_id], ['proposed', proposed.conflict_id], 'on the case that is open');
  }));

test('an organisation that asks for two at linking is asked by every way to link: a withdrawn proposal leaves none to one alone', () =>
  inPairs(['link_login'], async ({ db, callback, coordinator }) => {
    const kari = await addKari(db, callback);
    const { observation_id } = await callback.login({
      subject: 'stranger',
      phone: null,
      email: null,
      personnummer: NUMBER,
    });
    const { conflict_id, version } = await coordinator.call('link_login', observation_id, kari.id, null);
    const { version: withdrawn } = await coordinator.call('withdraw_proposal', conflict_id, version);
    const [found] = await coordinator.query<{ need_approval: string[] }>(
      'select need_approval from api.open_conflicts',
    );
    assert.deepEqual(found?.need_approval, ['accept_observed', 'link_login'], 'said before it is chosen');
    const reply = await coordinator.call('resolve_conflict', conflict_id, 'accept_observed', null, withdrawn);
    assert.equal(reply.state, 'proposed');
    const { n } = await one(db, 'select count(*)::int as n from registry.identity_links');
    assert.equal(n, 0);
  }));

test('another organisation sees no proposal, and approves none', () =>
  withProposal(async ({ db, proposed }) => {
    const elsewhere = await actAsCallback(db);
    const stranger = await becomeCoordinator(db, elsewhere.organization);
    assert.deepEqual(await approvals(stranger), []);
    for (const [name, ...rest] of [
      ['approve', 2],
      ['decline', null, 2],
      ['withdraw_proposal', 2],
    ] as const)
      assert.equal((await stranger.call(name, proposed.conflict_id, ...rest)).code, 'not_found', name);
    assert.equal(await state({ db }), 'proposed');
  }));

test('proposing and withdrawing all day long leaves few rows', () =>
  withProposal(async ({ db, coordinator, proposed }) => {
    let version = proposed.version;
    for (let n = 0; n < 30; n += 1) {
      version = (await coordinator.call('withdraw_proposal', proposed.conflict_id, version)).version as number;
      version = (
        await coordinator.call('resolve_conflict', proposed.conflict_id, 'accept_observed', 'seen again', version)
      ).version as number;
    }
    const { events, comments } = await one(
      db,
      `select (select count(*)::int from audit.events) as events, (select count(*)::int from registry.conflict_comments) as comments`,
    );
    assert.ok(events < 20, `${events} events`);
    assert.equal(comments, 0);
  }));
