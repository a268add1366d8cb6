import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, test } from 'vitest';
import { type ActingCallback, actAsCallback } from '../support/acting-callback.ts';
import { becomeCoordinator, type Coordinator } from '../support/coordinator.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { addMember, sampleNumbers, sealNumber } from '../support/samples.ts';

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
  | { does: 'decide'; nth: number; choice: number }
  | { does: 'undo'; nth: number }
  | { does: 'approve' | 'decline' | 'withdraw_proposal'; nth: number; by: number }
  | { does: 'postpone' | 'assign'; nth: number; by: number }
  | { does: 'decide together'; choice: number; by: number }
  | { does: 'import'; person: number; number: number };

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
      choice: fc.nat(2),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('undo' as const), nth: fc.nat(3) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constantFrom('approve' as const, 'approve' as const, 'decline' as const, 'withdraw_proposal' as const),
      nth: fc.constant(0),
      by: fc.constantFrom(1, 1, 0),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constantFrom('postpone' as const, 'assign' as const),
      nth: fc.nat(3),
      by: fc.nat(1),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant('decide together' as const),
      choice: fc.nat(2),
      by: fc.nat(1),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant('import' as const), person: fc.nat(4), number: fc.nat(3) }),
  },
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

type Found = { id: string; version: number; kind: string; class: string; decisions: string[] };
const chosen = ({ decisions }: Found, choice: number) => decisions[choice % decisions.length];
const nth = async (callback: ActingCallback, where: string, at: number) =>
  (
    await db.pool.query<Found>(
      `select id, version, private.decisions_of_case(kind, member_id, other_member_id, candidates, observation_id) as decisions
       from registry.conflicts where organization_id = $1 and ${where} order by opened_at, id offset $2 limit 1`,
      [callback.organization.id, at],
    )
  ).rows[0];

async function decideTogether(coordinator: Coordinator, choice: number) {
  const all = await coordinator.query<Found>(
    'select id, version, kind, class, decisions from api.open_conflicts order by opened_at, id',
  );
  const alike = all.filter((each) => each.kind === all[0]?.kind && each.class === all[0]?.class);
  const [first] = alike;
  if (first === undefined) return;
  const answers = await coordinator.call(
    'resolve_conflicts',
    alike.map(({ id }) => id),
    chosen(first, choice),
    null,
    alike.map(({ version }) => version),
  );
  assert.equal((answers as unknown as unknown[]).length, alike.length);
}

/** The next export of the member system, in which one record has this number. */
async function importNumber(callback: ActingCallback, { person, number }: Step & { does: 'import' }) {
  const { rows } = await db.pool.query<{ external_id: string }>(
    'select external_id from registry.members where organization_id = $1 order by created_at, id offset $2 limit 1',
    [callback.organization.id, person],
  );
  const run = await db.pool.query(`select run_id from import.start_run($1, $2, '{personnummer}', false)`, [
    callback.organization.slug,
    createHash('sha256').update(randomUUID()).digest('hex'),
  ]);
  const { run_id } = run.rows[0];
  await db.pool.query(`select from import.accept_file($1, '{}', true, false)`, [run_id]);
  const forms = await sealNumber(sampleNumbers[number] as string, callback.organization);
  const row = { line: 2, external_id: rows[0]?.external_id, ...forms };
  await db.pool.query(`select import.load_rows($1, 0, 1, $2, '[]')`, [run_id, JSON.stringify([row])]);
  await db.pool.query('select import.finish_run($1)', [run_id]);
}

async function act(callback: ActingCallback, coordinators: [Coordinator, Coordinator], one: Step): Promise<void> {
  if (one.does === 'login') return login(callback, one);
  if (one.does === 'import') return importNumber(callback, one);
  const coordinator = coordinators['by' in one ? one.by : 0] as Coordinator;
  if (one.does === 'decide together') return decideTogether(coordinator, one.choice);
  const where = {
    decide: `state = 'open'`,
    undo: `state = 'resolved'`,
    postpone: `state = 'open'`,
    assign: 'closed_at is null',
  };
  const found = await nth(callback, where[one.does as keyof typeof where] ?? `state = 'proposed'`, one.nth);
  if (found === undefined) return;
  const { id, version } = found;
  if (one.does === 'decide') await coordinator.call('resolve_conflict', id, chosen(found, one.choice), null, version);
  else if (one.does === 'undo') await coordinator.call('undo_resolution', id, null);
  else if (one.does === 'postpone') await coordinator.call('postpone_conflict', id, inAMonth, null);
  else if (one.does === 'assign') await coordinator.call('assign_conflict', id, coordinator.userId);
  else if (one.does === 'decline') await coordinator.call('decline', id, null, version);
  else await coordinator.call(one.does, id, version);
}
const inAMonth = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10);

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
        and e.event in ('filled', 'number_accepted', 'number_restored', 'members_merged', 'members_separated', 'member_updated'))`,
  'what was approved was proposed by somebody else, and a proposal has no effect': `
    select c.id from registry.conflicts c where c.organization_id = $1 and (
      (c.proposal).by = c.decided_by
      or c.state = 'proposed' and exists (select from registry.resolutions r where r.conflict_id = c.id and r.undone_at is null)
      or exists (select from registry.resolutions r where r.conflict_id = c.id and r.undone_at is null and r.decided_by <> c.decided_by))`,
  'where a decision needs two, no resolution of one stands': `
    select r.id from registry.resolutions r join registry.organizations g on g.id = r.organization_id
    where g.id = $1 and r.decision = any (g.second_approval) and r.proposed_by is null`,
  "a closed case is nobody's and not postponed; a postponed one is as it was": `
    select c.id from registry.conflicts c where c.organization_id = $1
      and (c.closed_at is not null and num_nonnulls(c.assigned_to, c.postponed_until) > 0 or c.state = 'proposed' and c.postponed_until is not null)`,
  'one case at most is open about one disagreement': `
    select fingerprint from registry.conflicts where organization_id = $1 and closed_at is null group by 1 having count(*) > 1`,
  'no case that a login opened about numbers is open with nothing left to decide': `
    select c.id from registry.conflicts c where c.organization_id = $1 and c.closed_at is null and c.observation_id is not null
      and private.is_obsolete(c, private.evidence_of_case(c))`,
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

/** All of them in one question; each step asks it. */
const BROKEN = Object.entries(INVARIANTS)
  .map(([invariant, query]) => `select '${invariant.replaceAll("'", "''")}' as broken where exists (${query})`)
  .join(' union all ');

async function assertInvariants(callback: ActingCallback) {
  assert.deepEqual((await db.pool.query(BROKEN, [callback.organization.id])).rows, []);
}

test('random logins, imports, decisions, proposals, approvals and undos keep the invariants at every commit', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 30 }),
      fc.subarray([...DECISIONS]),
      async (steps, inPairs) => {
        const callback = await actAsCallback(db);
        const coordinator = await becomeCoordinator(db, callback.organization);
        const colleague = await becomeCoordinator(db, callback.organization);
        await db.pool.query('update registry.organizations set second_approval = $2 where id = $1', [
          callback.organization.id,
          inPairs,
        ]);
        for (const person of PEOPLE) await addMember(db, callback.organization, person);
        for (const one of steps) {
          await act(callback, [coordinator, colleague], one);
          await assertInvariants(callback);
        }
      },
    ),
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
