import assert from 'node:assert/strict';
import type pg from 'pg';
import { test } from 'vitest';
import { addKari, KARI, one } from '../support/acting-callback.ts';
import { blocked } from '../support/blocked.ts';
import { becomeCoordinator } from '../support/coordinator.ts';
import { atTheDesk, type Desk } from '../support/desk.ts';
import { revoke } from '../support/revoke.ts';
import { addMember, sampleNumbers } from '../support/samples.ts';
import { begin } from '../support/waiting.ts';

// What a login or another coordinator does while a decision is being made, and has not committed.

const [NUMBER, OTHER_NUMBER, THIRD_NUMBER] = sampleNumbers;
const withoutNumber = { absent_reason: 'not_given' };

/** A decision about the only open case that is made, and not committed. */
async function deciding({ db, coordinator, openCases }: Desk, decision: string) {
  const [open] = await openCases();
  const client = await begin(db);
  await client.query(`select set_config('request.jwt.claims', $1, true)`, [
    JSON.stringify({ sub: coordinator.userId }),
  ]);
  const { rows } = await client.query('select private.resolve_conflict($1, $2, null, $3) as reply', [
    open?.id,
    decision,
    open?.version,
  ]);
  assert.equal(rows[0].reply.state, 'resolved');
  return client;
}

for (const decision of ['keep_existing', 'not_same_person']) {
  test(`${decision}, while the same login comes again: it is known, and no case is opened`, () =>
    atTheDesk(async (desk) => {
      const { db, callback, openCases } = desk;
      await addKari(db, callback, { given_name: 'Ola', family_name: 'Hansen' });
      assert.equal((await callback.login(withoutNumber)).outcome, 'name_mismatch');
      await using held = await deciding(desk, decision);
      const again = callback.login(withoutNumber);
      await blocked(db, 1);
      await held.query('commit');
      assert.equal((await again).outcome, 'name_mismatch');
      assert.deepEqual(await openCases(), []);
      assert.deepEqual(await one(db, 'select count(*)::int as n, max(seen) as seen from registry.conflicts'), {
        n: 1,
        seen: 2,
      });
    }));
}

test('accept_observed, while the same login comes again: it is put off, let in, and decided by the link', () =>
  atTheDesk(async (desk) => {
    const { db, callback, openCases } = desk;
    const kari = await addKari(db, callback, { given_name: 'Ola', family_name: 'Hansen' });
    await callback.login(withoutNumber);
    await using held = await deciding(desk, 'accept_observed');
    const again = callback.login(withoutNumber);
    await blocked(db, 1);
    await held.query('commit');
    const { observation_id, outcome, member_id } = await again;
    assert.deepEqual([outcome, member_id], ['deferred', kari.id]);
    await db.pool.query('select worker.process_observation($1)', [observation_id]);
    assert.equal(
      (await one(db, 'select outcome from registry.observations where id = $1', [observation_id])).outcome,
      'absent',
    );
    assert.deepEqual(await openCases(), []);
  }));

test('a disagreement that is remembered twice is still only counted', () =>
  atTheDesk(async ({ db, callback, settle }) => {
    await addKari(db, callback, { given_name: 'Ola', family_name: 'Hansen' });
    await callback.login(withoutNumber);
    await settle('keep_existing');
    // As two decisions at once left it before: the same disagreement, settled in two cases.
    await db.pool.query(
      `insert into registry.conflicts (organization_id, kind, candidates, observation_id, fingerprint, state, closed_at, decision, decided_by)
       select organization_id, kind, candidates, observation_id, fingerprint, state, closed_at, decision, decided_by from registry.conflicts`,
    );
    assert.equal((await callback.login(withoutNumber)).outcome, 'name_mismatch');
  }));

test('a mismatch is the same one whoever else has the number: one case, which names who has it now', () =>
  atTheDesk(async ({ db, callback, openCases, settle }) => {
    await addKari(db, callback, { personnummer: OTHER_NUMBER });
    const other = await addMember(db, callback.organization, { personnummer: NUMBER });
    await addMember(db, callback.organization, {});
    await callback.login({ personnummer: NUMBER });
    const [before] = await openCases();
    assert.equal(before?.other_member_id, other.id);
    await db.pool.query('update registry.members set personnummer_index = $2 where id = $1', [other.id, 'v1.another']);
    await callback.login({ personnummer: NUMBER });
    const [now, ...more] = await openCases();
    assert.deepEqual([now?.id, now?.other_member_id, now?.version, more], [before?.id, null, 2, []]);
    await settle('keep_existing');
    await callback.login({ personnummer: NUMBER });
    assert.deepEqual(await openCases(), []);
    await callback.login({ personnummer: THIRD_NUMBER });
    assert.equal((await openCases()).length, 1);
  }));

test('two coordinators give one login without a number to two members: the second one is told', () =>
  atTheDesk(async ({ db, callback, coordinator }) => {
    const colleague = await becomeCoordinator(db, callback.organization);
    const [ola, liv] = [await addMember(db, callback.organization), await addMember(db, callback.organization)];
    const { observation_id } = await callback.login(withoutNumber);
    await using held = await begin(db);
    await held.query(`select set_config('request.jwt.claims', $1, true)`, [
      JSON.stringify({ sub: coordinator.userId }),
    ]);
    const first = await held.query('select private.link_login($1, $2, null, null) as reply', [observation_id, ola.id]);
    const second = colleague.call('link_login', observation_id, liv.id, null);
    await blocked(db, 1);
    await held.query('commit');
    assert.equal(first.rows[0].reply.linked, true);
    assert.equal((await second).code, 'already_linked');
    assert.deepEqual(await one(db, 'select member_id from registry.identity_links'), { member_id: ola.id });
  }));

test('one links a login to somebody the case does not name while another accepts the case: no deadlock', () =>
  atTheDesk(async ({ db, callback, coordinator, openCases }) => {
    const colleague = await becomeCoordinator(db, callback.organization);
    await addMember(db, callback.organization, { ...KARI, given_name: 'Ola', family_name: 'Hansen' });
    const liv = await addMember(db, callback.organization);
    const { observation_id } = await callback.login(withoutNumber);
    const [open] = await openCases();
    await using held = await begin(db); // whoever writes the link waits for this one
    await held.query(
      `insert into registry.identity_links (organization_id, issuer, subject, member_id, provider, match_rule)
       select organization_id, issuer, subject, $2, provider, 'explicit' from registry.observations where id = $1`,
      [observation_id, liv.id],
    );
    const linking = coordinator.call('link_login', observation_id, liv.id, null);
    await blocked(db, 1);
    const accepting = colleague.call('resolve_conflict', open?.id, 'accept_observed', null, open?.version);
    await blocked(db, 2);
    await held.query('rollback');
    assert.equal((await linking).linked, true);
    assert.equal((await accepting).code, 'stale_version');
  }));

test('not_same_person, while the login comes with what proves it: it is not linked after all', () =>
  atTheDesk(async (desk) => {
    const { db, callback } = desk;
    const kari = await addKari(db, callback, { given_name: 'Ola', family_name: 'Hansen' });
    await callback.login(withoutNumber);
    await db.pool.query(`update registry.members set given_name = 'Kari', family_name = 'Nordmann' where id = $1`, [
      kari.id,
    ]);
    await using held = await deciding(desk, 'not_same_person');
    const again = callback.login({ personnummer: NUMBER });
    await blocked(db, 1);
    await held.query('commit');
    const { observation_id, outcome, member_id } = await again;
    assert.deepEqual([outcome, member_id], ['deferred', null]);
    await db.pool.query('select worker.process_observation($1)', [observation_id]);
    assert.equal((await one(db, 'select count(*)::int as n from registry.identity_links')).n, 0);
    assert.equal((await one(db, 'select personnummer_masked from registry.members')).personnummer_masked, null);
  }));

test('a number is accepted while a login renews consent and has the recorded one sent: both happen, the accepted number goes last', () =>
  atTheDesk(async ({ db, callback, coordinator, openCases }) => {
    await addKari(db, callback);
    const aMinuteAgo = new Date(Date.now() - 60_000);
    await callback.login({ personnummer: NUMBER, issued_at: aMinuteAgo });
    await callback.login({ personnummer: OTHER_NUMBER, issued_at: aMinuteAgo });
    await revoke(callback, new Date(Date.now() - 30_000));
    const mismatch = (await openCases()).find(({ kind }) => kind === 'mismatch');
    await using held = await begin(db);
    assert.equal(
      (await callback.login({ personnummer: NUMBER }, held as unknown as pg.ClientBase)).outcome,
      'confirmed',
    );
    const accepting = coordinator.call('resolve_conflict', mismatch?.id, 'accept_observed', null, mismatch?.version);
    await blocked(db, 1);
    await held.query('commit');
    assert.equal((await accepting).state, 'resolved');
    const { rows } = await db.pool.query(
      `select p.state, p.personnummer_index = m.personnummer_index as recorded from sync.pushes as p
       join registry.members as m on m.id = p.member_id order by p.created_at`,
    );
    assert.deepEqual(rows.at(-1), { state: 'pending', recorded: true });
    assert.deepEqual(
      rows.map(({ state }) => state),
      ['cancelled', 'superseded', 'pending'],
    );
  }));
