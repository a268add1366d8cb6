import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'vitest';
import { actAsCallback, addKari, one } from '../support/acting-callback.ts';
import { blocked } from '../support/blocked.ts';
import { becomeCoordinator, type Coordinator, type Reply } from '../support/coordinator.ts';
import { atTheDesk, type Desk } from '../support/desk.ts';
import { addMember, syntheticNumber } from '../support/samples.ts';
import { type PlanNode, rowsLookedAt } from './support/plan.ts';

// One decision about many cases of one kind and class; each has an answer of its own.

type Shown = { id: string; version: number; kind: string; class: string; member_id: string };
const listed = (coordinator: Coordinator) =>
  coordinator.query<Shown>('select id, version, kind, class, member_id from api.open_conflicts order by opened_at, id');

/** People whose records have one number, and whose logins bring another of the same birth date. */
async function mismatches({ db, callback }: Pick<Desk, 'db' | 'callback'>, many: number, firstYear = 1945) {
  for (let n = 0; n < many; n += 1) {
    const born = `${firstYear + n}-01-15`;
    const person = {
      phone: `+47900${10000 + n + firstYear}`,
      email: `p${n}-${firstYear}@example.org`,
      birth_date: born,
    };
    await addKari(db, callback, { ...person, personnummer: syntheticNumber(born, 0) });
    const login = await callback.login({
      ...person,
      subject: `s${n}-${firstYear}`,
      personnummer: syntheticNumber(born, 1),
    });
    assert.equal(login.outcome, 'conflict');
  }
}

const resolve = async (
  coordinator: Coordinator,
  cases: Pick<Shown, 'id' | 'version'>[],
  decision: string,
  note: string | null = null,
) =>
  (await coordinator.call(
    'resolve_conflicts',
    cases.map(({ id }) => id),
    decision,
    note,
    cases.map(({ version }) => version),
  )) as unknown as Reply[];

test('many cases of one class are settled with one decision, and each can be undone alone', () =>
  atTheDesk(async (desk) => {
    await mismatches(desk, 5);
    const { coordinator, db } = desk;
    const cases = await listed(coordinator);
    assert.equal(new Set(cases.map((each) => each.class)).size, 1);
    const answers = await resolve(coordinator, cases, 'accept_observed', 'a list of typing errors');
    assert.deepEqual(
      answers.map(({ conflict_id, state, decision }) => [conflict_id, state, decision]),
      cases.map(({ id }) => [id, 'resolved', 'accept_observed']),
    );
    const pushes = () => one(db, `select count(*)::int as n from sync.pushes where state = 'pending'`);
    assert.equal((await pushes()).n, 5);
    assert.equal((await coordinator.call('undo_resolution', cases[2]?.id, 'this one not')).state, 'open');
    assert.deepEqual(
      (await listed(coordinator)).map(({ id }) => id),
      [cases[2]?.id],
    );
    const notes = await db.pool.query('select distinct note from registry.resolutions');
    assert.deepEqual(notes.rows, [{ note: 'a list of typing errors' }]);
  }));

test('what one of them is refused for stops no other, and is audited', () =>
  atTheDesk(async (desk) => {
    await mismatches(desk, 4);
    const { coordinator, callback, db } = desk;
    const elsewhere = await actAsCallback(db);
    await mismatches({ db, callback: elsewhere }, 1);
    const foreign = await one<{ id: string }>(db, 'select id from registry.conflicts where organization_id = $1', [
      elsewhere.organization.id,
    ]);
    const [first, second, third, fourth] = (await listed(coordinator)) as [Shown, Shown, Shown, Shown];
    await addMember(db, callback.organization, { personnummer: syntheticNumber('1946-01-15', 1) });
    const answers = await resolve(
      coordinator,
      [
        first,
        second,
        { ...third, version: 7 },
        { id: foreign.id, version: 1 },
        { id: randomUUID(), version: 1 },
        fourth,
        first,
      ],
      'accept_observed',
    );
    assert.deepEqual(
      answers.map(({ code, state }) => code ?? state),
      ['resolved', 'number_taken', 'stale_version', 'not_found', 'not_found', 'resolved', 'stale_version'],
    );
    assert.deepEqual(
      { ...answers[3], conflict_id: null },
      { ...answers[4], conflict_id: null },
      'foreign and unknown are answered alike',
    );
    assert.deepEqual(
      (await listed(coordinator)).map(({ id }) => id),
      [second.id, third.id],
    );
    const { n } = await one(
      db,
      `select count(*)::int as n from audit.events where event = 'refused' and detail ->> 'action' = 'resolve_conflicts'`,
    );
    assert.equal(n, 5);
  }));

test('several kinds or classes, none, too many, or no version beside a case: nothing is done', () =>
  atTheDesk(async (desk) => {
    const { db, callback, coordinator } = desk;
    await mismatches(desk, 1);
    await addKari(db, callback, { personnummer: syntheticNumber('1950-01-01', 0) });
    await callback.login({ personnummer: syntheticNumber('1960-02-02', 1) });
    await addKari(db, callback, { phone: '+4790000044', email: 'other@example.org' });
    await callback.login({
      subject: 'renamed',
      phone: '+4790000044',
      email: 'other@example.org',
      family_name: 'Hansen',
    });
    const cases = await listed(coordinator);
    assert.deepEqual(
      cases.map(({ kind }) => kind),
      ['mismatch', 'mismatch', 'name_mismatch'],
    );
    const [typing, other, name] = cases as [Shown, Shown, Shown];
    const code = async (...chosen: Shown[]) =>
      ((await resolve(coordinator, chosen, 'keep_existing')) as unknown as Reply).code;
    assert.equal(await code(typing, other), 'several_classes');
    assert.equal(await code(other, name), 'several_classes');
    assert.equal(await code(), 'number_of_cases');
    assert.equal(await code(...Array.from({ length: 201 }, () => typing)), 'number_of_cases');
    const versions = await coordinator.call('resolve_conflicts', [typing.id], 'keep_existing', null, []);
    assert.equal(versions.code, 'number_of_cases');
    assert.equal((await listed(coordinator)).length, 3);
    assert.equal((await one(db, 'select count(*)::int as n from registry.resolutions')).n, 0);
  }));

test('where a second coordinator must approve, all of them are proposed', () =>
  atTheDesk(async (desk) => {
    await mismatches(desk, 3);
    const { coordinator, db, callback } = desk;
    const colleague = await becomeCoordinator(db, callback.organization);
    await db.pool.query(`update registry.organizations set second_approval = '{keep_existing}'`);
    const answers = await resolve(coordinator, await listed(coordinator), 'keep_existing');
    assert.deepEqual(
      answers.map(({ state }) => state),
      ['proposed', 'proposed', 'proposed'],
    );
    for (const { conflict_id, version } of answers)
      assert.equal((await colleague.call('approve', conflict_id, version)).state, 'resolved');
  }));

test('a case that an earlier one of the same call has answered is told as changed', () =>
  atTheDesk(async ({ db, callback, coordinator }) => {
    const numbers = [0, 1].map((nth) => syntheticNumber('1950-01-01', nth));
    await addKari(db, callback);
    await callback.login();
    for (const personnummer of numbers) {
      await addMember(db, callback.organization, { given_name: 'Kari', family_name: 'Nordmann', personnummer });
      assert.equal((await callback.login({ personnummer })).outcome, 'duplicate');
    }
    const answers = await resolve(coordinator, await listed(coordinator), 'merge_into');
    assert.deepEqual(
      answers.map(({ code, state }) => code ?? state),
      ['resolved', 'stale_version'],
    );
    const merged = await one(db, 'select count(*)::int as n from registry.members where merged_into is not null');
    assert.equal(merged.n, 1);
  }));

test('two coordinators settle the same many cases in opposite order, while their members log in: nobody is stuck', () =>
  atTheDesk(async (desk) => {
    await mismatches(desk, 8);
    const { coordinator, callback, db } = desk;
    const colleague = await becomeCoordinator(db, callback.organization);
    const cases = await listed(coordinator);
    const holder = await db.pool.connect();
    await holder.query('begin');
    await holder.query('select from registry.members for update');
    const both = Promise.all([
      resolve(coordinator, cases, 'accept_observed'),
      resolve(colleague, cases.toReversed(), 'accept_observed'),
    ]);
    await blocked(db, 2);
    await holder.query('commit');
    holder.release();
    const logins = Array.from({ length: 8 }, (_, n) =>
      callback.login({
        subject: `s${n}-1945`,
        phone: null,
        email: null,
        birth_date: `${1945 + n}-01-15`,
        personnummer: syntheticNumber(`${1945 + n}-01-15`, 1),
      }),
    );
    const [one_, other] = await both;
    await Promise.all(logins);
    const outcomes = [...one_, ...other].map(({ code, state }) => code ?? state);
    assert.equal(outcomes.filter((each) => each === 'resolved').length, 8);
    assert.equal(outcomes.filter((each) => each === 'stale_version').length, 8);
    assert.equal((await one(db, 'select count(*)::int as n from registry.resolutions')).n, 8);
  }));

test('two hundred are settled in one call', () =>
  atTheDesk(async (desk) => {
    const { coordinator, db, callback } = desk;
    await mismatches(desk, 1);
    // Two hundred cases like the first: rows are enough, each with a record and a login of its own.
    await db.pool.query(
      `with made as (
         insert into registry.members (organization_id, external_id, personnummer_index, personnummer_sealed, personnummer_masked)
         select $1, 'many ' || n, 'v1.recorded' || n, 'a.b.c.d.e', '150150*****' from generate_series(1, 199) as n returning id, external_id
       ), seen as (
         insert into registry.observations (id, organization_id, provider, source, issuer, subject, authenticated_at, outcome, settled_at,
           member_id, personnummer_index, personnummer_sealed, personnummer_masked)
         select gen_random_uuid(), $1, 'vipps', 'vipps-login', 'https://provider.example/', external_id, now(), 'conflict', now(), id,
           'v1.brought' || external_id, 'a.b.c.d.e', '150150*****' from made returning id, member_id
       )
       insert into registry.conflicts (organization_id, kind, member_id, observation_id, fingerprint, detail)
       select $1, 'mismatch', s.member_id, s.id, 'mismatch ' || s.id, (select c.detail from registry.conflicts as c) from seen as s`,
      [callback.organization.id],
    );
    const cases = (await listed(coordinator)).filter((each, _, all) => each.class === all[0]?.class);
    assert.equal(cases.length, 200);
    const answers = await resolve(coordinator, cases, 'accept_observed');
    assert.deepEqual([...new Set(answers.map(({ state }) => state))], ['resolved']);
    assert.equal((await one(db, 'select count(*)::int as n from registry.resolutions')).n, 200);
  }));

test('cases like one are found without looking at the others', () =>
  atTheDesk(async ({ db, callback, coordinator }) => {
    const add = (count: number, detail: string) =>
      db.pool.query(
        `insert into registry.conflicts (organization_id, kind, member_id, fingerprint, detail)
         select $1, 'mismatch', m.id, gen_random_uuid()::text, $3 from registry.members as m cross join generate_series(1, $2)
         where m.organization_id = $1`,
        [callback.organization.id, count, detail],
      );
    await addMember(db, callback.organization);
    await add(3_000, '{"same_birth_date": true, "import_run_id": "x"}');
    await add(3, '{"same_birth_date": false, "import_run_id": "x"}');
    await db.pool.query('analyze');
    const classes = await coordinator.query<{ class: string; n: number }>(
      'select class, count(*)::int as n from api.open_conflicts group by class order by n',
    );
    assert.deepEqual(
      classes.map(({ n }) => n),
      [3, 3_000],
    );
    for (const { class: wanted, n } of classes) {
      const [row] = await coordinator.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
        `explain (analyze, format json) select * from api.open_conflicts
         where kind = 'mismatch' and class = '${wanted}' order by opened_at, id limit 201`,
      );
      const looked = rowsLookedAt(row?.['QUERY PLAN'][0].Plan as PlanNode, 'conflicts');
      assert.ok(looked <= Math.min(n, 201) + 20, `${looked} cases were looked at for ${n}`);
    }
  }));
