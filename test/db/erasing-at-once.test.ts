import assert from 'node:assert/strict';
import { test } from 'vitest';
import { addKari, KARI, one } from '../support/acting-callback.ts';
import { blocked } from '../support/blocked.ts';
import { becomeCoordinator } from '../support/coordinator.ts';
import { atTheDesk, type Desk } from '../support/desk.ts';
import { pushWorker } from '../support/push-worker.ts';
import { addMember, sampleNumbers } from '../support/samples.ts';
import { begin } from '../support/waiting.ts';
import { announce, erase, everyRow, finish } from './support/erasing.ts';

// Erasing meets whatever else happens to the person at that moment. Each ends in one state.

const [NUMBER, OTHER_NUMBER] = sampleNumbers;

/** Kari, whose number a login has filled, and the push of it. */
async function filled({ db, callback }: Desk) {
  const kari = await addKari(db, callback, { external_id: 'number-of-kari' });
  const login = await callback.login({ personnummer: NUMBER });
  assert.equal(login.outcome, 'filled');
  return { kari, pushId: (await one(db, 'select id from sync.pushes order by created_at desc limit 1')).id as string };
}

const pushes = async ({ db }: Desk) =>
  (await db.pool.query('select state, removal from sync.pushes order by created_at, id')).rows.map(
    ({ state, removal }) => `${removal ? 'removal ' : ''}${state}`,
  );

const announceNow = `select private.announce_erasure($1, 'Asked by letter', 'operator', 'operator')`;

/** Nothing of Kari in any row of any table. */
async function nothingLeft({ db }: Desk) {
  const words = [KARI.given_name, KARI.phone, KARI.email, 'subject-of-kari', '018150*****', 'number-of-kari'];
  const left = (await everyRow(db)).filter(({ text }) => words.some((word) => text.includes(word)));
  assert.deepEqual(left, []);
}

test('a push that is being sent arrives or fails by itself, and the removal goes after it', () =>
  atTheDesk(async (desk) => {
    for (const result of ['delivered', 'retry']) {
      const { db } = desk;
      const worker = pushWorker(db);
      const { kari, pushId } = await filled(desk);
      const claimed = await worker.claim(pushId);
      await erase(db, kari);
      const removal = await one(db, `select id from sync.pushes where state = 'pending'`);
      assert.equal((await worker.claim(removal.id)).waits_for, 'member_busy');
      await worker.finish(pushId, claimed.fencing_token, { result, code: result === 'retry' ? 'http_5xx' : null });
      assert.deepEqual((await pushes(desk)).slice(-2), [
        result === 'retry' ? 'superseded' : 'delivered',
        'removal pending',
      ]);
      await worker.attempt(removal.id, { result: 'delivered' });
      await nothingLeft(desk);
    }
  }));

test('what was never sent is dropped, and there is nothing to remove: the member number goes at once', () =>
  atTheDesk(async (desk) => {
    const { kari } = await filled(desk);
    await erase(desk.db, kari);
    assert.deepEqual(await pushes(desk), ['superseded']);
    assert.equal((await one(desk.db, 'select removal from audit.erasures')).removal, 'not_needed');
    await nothingLeft(desk);
  }));

test('a removal that the member system refuses is a case; closed, the member number goes', () =>
  atTheDesk(async (desk) => {
    const { db, coordinator } = desk;
    const worker = pushWorker(db);
    const { kari, pushId } = await filled(desk);
    await worker.attempt(pushId, { result: 'delivered' });
    await erase(db, kari);
    const removal = await one(db, `select id from sync.pushes where state = 'pending'`);
    await worker.attempt(removal.id, { result: 'rejected', code: 'http_4xx', status: 404 });
    const { id, version } = await one(db, 'select id, version from registry.conflicts');
    assert.equal((await coordinator.call('resolve_conflict', id, 'keep_existing', null, version)).state, 'resolved');
    assert.equal((await one(db, 'select removal from audit.erasures')).removal, 'delivered');
    await nothingLeft(desk);
  }));

test('a person carries a removal out from the worklist, and the receiver of a file from the file', () =>
  atTheDesk(async (desk) => {
    const { db, coordinator, callback } = desk;
    const worker = pushWorker(db);
    const { kari, pushId } = await filled(desk);
    await worker.attempt(pushId, { result: 'delivered' });
    await db.pool.query(`update sync.member_systems set kind = 'worklist'`);
    await erase(db, kari);
    const [row] = await coordinator.query<{ push_id: string; change: string; member_external_id: string }>(
      'select * from api.worklist',
    );
    assert.deepEqual([row?.change, row?.member_external_id], ['remove', 'number-of-kari']);
    assert.equal((await coordinator.call('mark_done', row?.push_id)).state, 'delivered');
    await nothingLeft(desk);

    // The number of somebody else is in a file that nobody has fetched: the file is taken back, and there is nothing to remove.
    await db.pool.query(
      `update sync.member_systems set kind = 'file', receiver_key = '{"kty":"OKP","kid":"k","crv":"X25519","x":"abc"}'`,
    );
    const write = async () => {
      const { rows } = await db.pool.query(`select * from worker.claim_file('files/1')`);
      await db.pool.query(`select worker.finish_file($1, 'files/1', 'a.b.c.d.e', $2, '{}', '{}')`, [
        rows[0]?.file_id,
        rows.map(({ push_id }) => push_id),
      ]);
      return rows[0]?.file_id as string;
    };
    const again = await addKari(db, callback, { external_id: 'number-of-kari' });
    assert.equal((await callback.login({ personnummer: NUMBER })).outcome, 'filled');
    const file = await write();
    await coordinator.call('fetch_sync_file', file);
    await erase(db, again);
    assert.deepEqual(
      (await pushes(desk)).slice(-2),
      ['superseded', 'removal pending'],
      'fetched: it may be carried out',
    );
    await coordinator.call('acknowledge_sync_file', file, []);
    await db.pool.query(`update sync.files set created_at = created_at - interval '2 days'`);
    await coordinator.call('acknowledge_sync_file', await write(), []);
    await nothingLeft(desk);
  }));

test('a case that is open or proposed closes, and what was proposed can be approved no more', () =>
  atTheDesk(async (desk) => {
    const { db, callback, coordinator, settle } = desk;
    const colleague = await becomeCoordinator(db, callback.organization);
    await db.pool.query(`update registry.organizations set second_approval = '{accept_observed}'`);
    const { kari } = await filled(desk);
    await callback.login({ personnummer: OTHER_NUMBER });
    const proposed = await settle('accept_observed');
    assert.equal(proposed.state, 'proposed');
    const { id } = await announce(db, kari);
    assert.equal((await colleague.call('approve', proposed.conflict_id, proposed.version)).code, 'member_erased');
    await finish(db, id);
    const found = await one(db, 'select state, note, proposal, erased_at from registry.conflicts');
    assert.deepEqual([found.state, found.note, found.erased_at === null], ['superseded', null, false]);
    assert.equal((await colleague.call('approve', proposed.conflict_id, proposed.version)).code, 'stale_version');
    assert.deepEqual(await coordinator.query('select * from api.open_conflicts'), []);
    await nothingLeft(desk);
  }));

test('a login that is being written down is erased with the others; one that comes while the person is erased belongs to nobody', () =>
  atTheDesk(async (desk) => {
    const { db, callback } = desk;
    const { kari } = await filled(desk);
    const { id } = await announce(db, kari);
    {
      await using writing = await begin(db);
      const login = callback.login({ personnummer: NUMBER }, writing as never);
      assert.equal((await login).outcome, 'confirmed');
      const erasing = finish(db, id);
      await blocked(db, 1);
      await writing.query('commit');
      assert.equal(await erasing, 'erased');
    }
    assert.equal(
      (await one(db, 'select count(*)::int as n from registry.observations where erased_at is not null')).n,
      2,
    );
    await nothingLeft(desk);
  }));

for (const [what, personnummer] of [
  ['brings the recorded number', NUMBER],
  ['brings none', undefined],
] as const) {
  test(`a login that waits for the erasure and ${what} is a stranger's`, () =>
    atTheDesk(async (desk) => {
      const { db, callback } = desk;
      const { kari } = await filled(desk);
      const { id } = await announce(db, kari);
      await using erasing = await begin(db);
      await erasing.query('select private.carry_out_erasure($1)', [id]);
      const login = callback.login({
        ...(personnummer === undefined ? { absent_reason: 'not_given' } : { personnummer }),
      });
      await blocked(db, 1);
      await erasing.query('commit');
      const { observation_id: observation, outcome, member_id: member } = await login;
      assert.ok(['unlinked', 'deferred'].includes(outcome), outcome);
      assert.equal(member, null);
      const settled = await one(db, 'select outcome from worker.process_observation($1)', [observation]);
      assert.equal(settled.outcome, 'unlinked');
      assert.equal((await one(db, 'select count(*)::int as n from registry.identity_links')).n, 0);
    }));
}

/** Kari has two records, one of them with the number, which a case says are one person. */
async function twoRecords(desk: Desk) {
  const { db, callback, openCases } = desk;
  const kari = await addKari(db, callback, { external_id: 'number-of-kari' });
  const double = await addMember(db, callback.organization, {
    ...KARI,
    phone: null,
    email: null,
    personnummer: NUMBER,
  });
  assert.equal((await callback.login({ personnummer: NUMBER })).outcome, 'duplicate');
  const [found] = await openCases();
  return { kari, double, conflict: found as { id: string; version: number } };
}

test('records that were merged are one person: both are erased, whichever is asked about, and the merge stays as it is', () =>
  atTheDesk(async (desk) => {
    const { db, coordinator } = desk;
    const { kari, conflict } = await twoRecords(desk);
    await coordinator.call(
      'resolve_conflict',
      conflict.id,
      'merge_into',
      'Kari Nordmann is one person',
      conflict.version,
    );
    await erase(db, kari);
    const { rows } = await db.pool.query('select erased_at is null as stays from registry.members');
    assert.deepEqual(rows, [{ stays: false }, { stays: false }]);
    assert.equal((await one(db, 'select count(*)::int as n from audit.erased_records')).n, 2);
    assert.equal((await coordinator.call('undo_resolution', conflict.id, null)).code, 'member_erased');
    await nothingLeft(desk);
  }));

test('a merge meets an announcement at the lock, and is refused behind it', () =>
  atTheDesk(async (desk) => {
    const { db, coordinator } = desk;
    const { kari, double, conflict } = await twoRecords(desk);
    {
      await using announcing = await begin(db);
      await announcing.query(announceNow, [kari.id]);
      const merge = coordinator.call('resolve_conflict', conflict.id, 'merge_into', null, conflict.version);
      await blocked(db, 1);
      await announcing.query('commit');
      assert.equal((await merge).code, 'member_erased');
    }
    const { id } = await one(db, 'select id from audit.erasures');
    await finish(db, id);
    const { rows } = await db.pool.query(
      'select id, erased_at is null as stays from registry.members order by erased_at is null',
    );
    assert.deepEqual(rows, [
      { id: kari.id, stays: false },
      { id: double.id, stays: true },
    ]);
  }));

test('an undo that waits for an announcement is refused: the records stay one person, and go together', () =>
  atTheDesk(async (desk) => {
    const { db, coordinator } = desk;
    const { kari, conflict } = await twoRecords(desk);
    await coordinator.call('resolve_conflict', conflict.id, 'merge_into', null, conflict.version);
    await using announcing = await begin(db);
    await announcing.query(announceNow, [kari.id]);
    const undo = coordinator.call('undo_resolution', conflict.id, null);
    await blocked(db, 1);
    await announcing.query('commit');
    assert.equal((await undo).code, 'member_erased');
    await finish(db, (await one(db, 'select id from audit.erasures')).id);
    assert.equal((await one(db, 'select count(*)::int as n from registry.members where erased_at is null')).n, 0);
    await nothingLeft(desk);
  }));

test('an announcement that waits for an undo is asked again, and then erases one record of the two', () =>
  atTheDesk(async (desk) => {
    const { db, coordinator } = desk;
    const { kari, double, conflict } = await twoRecords(desk);
    await coordinator.call('resolve_conflict', conflict.id, 'merge_into', null, conflict.version);
    await using undoing = await begin(db);
    await undoing.query(`select set_config('request.jwt.claims', $1, true)`, [
      JSON.stringify({ role: 'authenticated', sub: coordinator.userId }),
    ]);
    await undoing.query('select api.undo_resolution($1, null)', [conflict.id]);
    const announced = db.pool.query(announceNow, [kari.id]);
    const meanwhile = assert.rejects(announced, { code: '40001' });
    await blocked(db, 1);
    await undoing.query('commit');
    await meanwhile;
    assert.equal((await one(db, 'select count(*)::int as n from audit.erasures')).n, 0, 'nothing is half announced');
    await erase(db, kari);
    const { rows } = await db.pool.query('select id from registry.members where erased_at is null');
    assert.deepEqual(rows, [{ id: double.id }]);
  }));

test('a person can be erased by one coordinator only where the organisation does not want two', () =>
  atTheDesk(async (desk) => {
    const { db, callback, coordinator } = desk;
    const colleague = await becomeCoordinator(db, callback.organization);
    await db.pool.query(`update registry.organizations set second_approval = '{erase_member}'`);
    const { kari } = await filled(desk);
    const version = (await one(db, 'select version from registry.members')).version as number;
    const ask = (reason: string | null, at = version) => coordinator.call('erase_member', kari.id, reason, at);
    for (const [reason, at, code] of [
      ['Asked by letter', version - 1, 'stale_version'],
      [' ', version, 'text_missing'],
      [null, version, 'text_missing'],
      ['nordmann has asked', version, 'person_in_reason'],
      ['90 00 00 01 has asked', version, 'person_in_reason'],
      ['born 1.1.1950', version, 'person_in_reason'],
    ] as const) {
      assert.equal((await ask(reason, at)).code, code, String(reason));
    }
    const stranger = await becomeCoordinator(db);
    assert.equal((await stranger.call('erase_member', kari.id, 'Asked by letter', version)).code, 'not_found');
    const proposed = await ask('Asked by letter');
    assert.deepEqual(
      [proposed.state, proposed.kind, proposed.proposed_decision],
      ['proposed', 'erasure', 'erase_member'],
    );
    assert.equal((await ask('Asked by letter')).code, 'awaits_approval');
    assert.equal((await coordinator.call('approve', proposed.conflict_id, proposed.version)).code, 'own_proposal');
    assert.equal((await one(db, 'select count(*)::int as n from audit.erasures')).n, 0);
    // Declined, it can be proposed again on the case; approved, it is announced.
    const open = await colleague.call('decline', proposed.conflict_id, 'ask again', proposed.version);
    const again = await coordinator.call(
      'resolve_conflict',
      proposed.conflict_id,
      'erase_member',
      'Asked by letter',
      open.version,
    );
    const approved = await colleague.call('approve', proposed.conflict_id, again.version);
    assert.deepEqual([approved.state, approved.decision, approved.undo_until], ['resolved', 'erase_member', null]);
    const erasure = await one(db, 'select id, state, reason, requested_by, approved_by from audit.erasures');
    assert.deepEqual(
      [erasure.state, erasure.reason, erasure.requested_by, erasure.approved_by],
      ['announced', 'Asked by letter', `coordinator:${coordinator.userId}`, `coordinator:${colleague.userId}`],
    );
    await finish(db, erasure.id);
    await nothingLeft(desk);
    const [shown] = await coordinator.query<Record<string, unknown>>('select * from api.erasures');
    assert.deepEqual([shown?.state, shown?.requested_by, shown?.receipt_waits], ['erased', coordinator.userId, false]);
    assert.deepEqual(await stranger.query('select * from api.erasures'), []);
  }));

test('the receipt is given out once, and to the organisation only', () =>
  atTheDesk(async (desk) => {
    const { db, coordinator } = desk;
    const { kari } = await filled(desk);
    const { id } = await announce(db, kari);
    const fetch = () => coordinator.call('fetch_erasure_receipt', id);
    assert.equal((await fetch()).code, 'erasure_not_done');
    await finish(db, id);
    await db.poolFor('sync_worker').query(`select worker.store_receipt($1, 'a.b.c')`, [id]);
    const stranger = await becomeCoordinator(db);
    assert.equal((await stranger.call('fetch_erasure_receipt', id)).code, 'not_found');
    assert.equal((await fetch()).receipt, 'a.b.c');
    assert.equal((await fetch()).code, 'receipt_given');
    assert.equal((await one(db, 'select count(*)::int as n from registry.erasure_receipts')).n, 0);
  }));

test('a reason tells who it is by a name of one or two letters too, and an ordinary word is no name', () =>
  atTheDesk(async ({ db, callback }) => {
    const named = async (name: [string, string], text: string) => {
      const member = await addMember(db, callback.organization, { given_name: name[0], family_name: name[1] });
      return (
        await one(db, 'select private.names_person($2, m) as named from registry.members as m where id = $1', [
          member.id,
          text,
        ])
      ).named as boolean;
    };
    for (const [name, text, expected] of [
      [['Bo', 'Li'], 'Bo har bedt om det', true],
      [['Bo', 'Li'], 'Brev fra Li', true],
      [['Bo', 'Li'], 'bo li asked', true],
      [['Åg', 'Øy'], 'Etter ønske fra Øy', true],
      [['BO', 'LI'], 'Brev fra Li.', true],
      [['X', 'Y'], 'x y har bedt om det', true],
      [['Bo', 'Li'], 'Skal bo et annet sted', false],
      [['Er', 'Li'], 'Det er bedt om på telefon', false],
      [['Er', 'På'], 'Det er bedt om på telefon', true],
      [['I', 'Hansen'], 'I brev', false],
      [['I', 'Hansen'], 'Brev fra I.', true],
      [['Ola', 'Å'], 'Etter ønske fra Å', true],
      [['Ola', 'Å'], 'Ba oss om å slette', false],
      [['Kari M.', 'Hansen'], 'Person M har bedt om det', false],
      [['Kari', 'Li'], 'Har bedt om det', false],
    ] as const) {
      assert.equal(await named([...name], text), expected, `${name.join(' ')}: ${text}`);
    }
  }));
