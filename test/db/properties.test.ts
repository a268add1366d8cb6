import assert from 'node:assert/strict';
import fc from 'fast-check';
import { afterAll, beforeAll, test } from 'vitest';
import { type ActingCallback, actAsCallback } from '../support/acting-callback.ts';
import { becomeCoordinator, type Coordinator } from '../support/coordinator.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { addMember, sampleNumbers } from '../support/samples.ts';

/** People of a small organisation; some share a phone or an e-mail, so that every match rule and every disagreement comes up. */
const PEOPLE = [
  {
    given_name: 'Kari',
    family_name: 'Nordmann',
    birth_date: '1950-01-01',
    phone: '+4790000001',
    email: 'kari@example.org',
  },
  {
    given_name: 'Ola',
    family_name: 'Nordmann',
    birth_date: '1961-12-31',
    phone: '+4790000001',
    email: 'ola@example.org',
  },
  {
    given_name: 'Åse',
    family_name: 'Ødegård',
    birth_date: '1972-03-08',
    phone: '+4790000003',
    email: 'aase@example.org',
  },
  {
    given_name: 'Aase',
    family_name: 'Oedegaard',
    birth_date: '1972-03-08',
    phone: '+4790000003',
    email: 'aase@example.org',
  },
  {
    given_name: 'Per',
    family_name: 'Hansen',
    birth_date: '1984-05-17',
    phone: '+4790000005',
    email: 'per@example.org',
  },
];
const DECISIONS = ['accept_observed', 'keep_existing', 'not_same_person', 'merge_into'] as const;

type Step =
  | { does: 'login'; person: number; subject: number; number: number | null }
  | { does: 'decide'; nth: number; decision: (typeof DECISIONS)[number] }
  | { does: 'undo'; nth: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      does: fc.constant('login' as const),
      person: fc.nat(4),
      subject: fc.nat(4),
      number: fc.option(fc.nat(3), { freq: 6 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('decide' as const),
      nth: fc.nat(3),
      decision: fc.constantFrom(...DECISIONS),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('undo' as const), nth: fc.nat(3) }) },
);

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db[Symbol.asyncDispose]());

const members = async (callback: ActingCallback) =>
  (
    await db.pool.query(
      'select id, version, personnummer_index, merged_into from registry.members where organization_id = $1 order by id',
      [callback.organization.id],
    )
  ).rows;

async function login(callback: ActingCallback, { person, subject, number }: Step & { does: 'login' }) {
  const before = await members(callback);
  const given = number === null ? {} : { personnummer: sampleNumbers[number] as string };
  const answer = await callback.login({ ...PEOPLE[person], ...given, subject: `subject-${subject}` });
  const after = await members(callback);
  const changed = after.filter((row, at) => row.version !== before[at]?.version).map(({ id }) => id);
  // Only a fill changes a record, and only the one that it names.
  assert.deepEqual(changed, answer.outcome === 'filled' ? [answer.member_id] : []);
}

async function act(callback: ActingCallback, coordinator: Coordinator, one: Step): Promise<void> {
  if (one.does === 'login') return login(callback, one);
  const state = one.does === 'decide' ? `state = 'open'` : `state = 'resolved'`;
  const { rows } = await db.pool.query(
    `select id, version from registry.conflicts where organization_id = $1 and ${state} order by opened_at, id offset $2 limit 1`,
    [callback.organization.id, one.nth],
  );
  if (rows.length === 0) return;
  if (one.does === 'decide')
    await coordinator.call('resolve_conflict', rows[0].id, one.decision, null, rows[0].version);
  else await coordinator.call('undo_resolution', rows[0].id, null);
}

/** What must hold after every step; each query finds violations. */
const INVARIANTS: Record<string, string> = {
  'a number has one owner in an organisation': `
    select personnummer_index from registry.members where organization_id = $1 and personnummer_index is not null group by 1 having count(*) > 1`,
  'every observation has one outcome, and one audit event that is called like it': `
    select o.id from registry.observations o where o.organization_id = $1
      and 1 <> (select count(*) from audit.events e where e.observation_id = o.id and e.event = o.outcome::text and e.source <> 'coordinator')`,
  'every case that was settled has one event for each time, and one decision in force': `
    select c.id from registry.conflicts c where c.organization_id = $1 and (
      (select count(*) from audit.events e where e.conflict_id = c.id and e.event = 'case_resolved')
        <> (select count(*) from registry.resolutions r where r.conflict_id = c.id)
      or (c.state = 'resolved') <> exists (select from registry.resolutions r where r.conflict_id = c.id and r.undone_at is null))`,
  'every change of a record is one event': `
    select m.id from registry.members m where m.organization_id = $1
      and m.version - 1 <> (select count(*) from audit.events e where e.member_id = m.id
        and e.event in ('filled', 'number_accepted', 'number_restored', 'members_merged', 'members_separated'))`,
  'every change of a number queued one push': `
    select m.id from registry.members m where m.organization_id = $1
      and (select count(*) from sync.pushes p where p.member_id = m.id) <> (select count(*) from audit.events e where e.member_id = m.id
        and e.event in ('filled', 'number_accepted', 'number_restored'))`,
  'the push that waits carries what the record holds': `
    select p.id from sync.pushes p join registry.members m on m.id = p.member_id
    where p.organization_id = $1 and p.state = 'pending' and p.personnummer_index is distinct from m.personnummer_index`,
  'every link is one event more made than taken': `
    select 1 from (select
      (select count(*) from registry.identity_links l where l.organization_id = $1) as links,
      (select count(*) filter (where event = 'linked') - count(*) filter (where event = 'link_removed') from audit.events where organization_id = $1) as events
    ) x where links <> events`,
  'nobody is linked to a record that was merged, or that a coordinator excluded': `
    select l.id from registry.identity_links l join registry.members m on m.id = l.member_id
    where l.organization_id = $1 and (m.merged_into is not null or exists (
      select from registry.excluded_links x where (x.organization_id, x.issuer, x.subject, x.member_id) = (l.organization_id, l.issuer, l.subject, l.member_id)))`,
};

async function assertInvariants(callback: ActingCallback) {
  for (const [invariant, query] of Object.entries(INVARIANTS)) {
    const { rows } = await db.pool.query(query, [callback.organization.id]);
    assert.deepEqual(rows, [], invariant);
  }
}

test('random logins, decisions and undos keep the invariants at every commit', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const callback = await actAsCallback(db);
      const coordinator = await becomeCoordinator(db, callback.organization);
      for (const person of PEOPLE) await addMember(db, callback.organization, person);
      for (const one of steps) {
        await act(callback, coordinator, one);
        await assertInvariants(callback);
      }
    }),
    { numRuns: 40, interruptAfterTimeLimit: 60_000 },
  );
});

test('the observations of independent persons, in any order, give the same state', async () => {
  const independent = [0, 2, 4].flatMap((person) => [
    { person, number: person }, // one each
    { person, number: person },
    { person, number: null },
  ]);
  const stateAfter = async (order: typeof independent) => {
    const callback = await actAsCallback(db);
    for (const person of [0, 2, 4])
      await addMember(db, callback.organization, { ...PEOPLE[person], external_id: `person-${person}` });
    for (const { person, number } of order) {
      await callback.login({
        ...PEOPLE[person],
        subject: `subject-${person}`,
        ...(number === null ? {} : { personnummer: sampleNumbers[number] as string }),
      });
    }
    const { rows } = await db.pool.query(
      `select m.external_id, m.personnummer_masked, m.version,
              (select count(*)::int from registry.identity_links l where l.member_id = m.id) as links,
              (select count(*)::int from sync.pushes p where p.member_id = m.id) as pushes,
              (select count(*)::int from registry.conflicts c where c.member_id = m.id) as cases
       from registry.members m where m.organization_id = $1 order by 1`,
      [callback.organization.id],
    );
    return rows;
  };
  const expected = await stateAfter(independent);
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(independent, { minLength: independent.length }), async (order) => {
      assert.deepEqual(await stateAfter(order), expected);
    }),
    { numRuns: 15 },
  );
});
