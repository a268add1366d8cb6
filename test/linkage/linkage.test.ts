import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'vitest';
import { LOGIN, RECORD } from '../../linkage/assumptions.ts';
import type { Part } from '../../linkage/causes.ts';
import { chooseLogins } from '../../linkage/choose-logins.ts';
import { casesPerLogin, goals, scoreOf, wrongPerMillion } from '../../linkage/estimate.ts';
import { compare, nameDisagrees } from '../../linkage/facts.ts';
import { judge, type Score } from '../../linkage/judge.ts';
import { decideOtherwise, METHODS, type Method } from '../../linkage/others.ts';
import { writePage } from '../../linkage/page.ts';
import { type Batch, populate } from '../../linkage/population.ts';
import { measureLinkage, type Result } from '../../linkage/run.ts';
import { createWorld } from '../../linkage/world.ts';
import { createTestDatabase } from '../support/database.ts';

const METHOD_NAMES = Object.keys(METHODS) as Method[];
const ELEVEN_DIGITS = /(?<![0-9])[0-9]{11}(?![0-9])/;

function population(members: number, seed: number): Batch {
  const all: Batch = { people: [], records: [], logins: [] };
  for (const { people, records, logins } of populate({ members, seed })) {
    all.people.push(...people);
    all.records.push(...records);
    all.logins.push(...logins);
  }
  return all;
}

test('a seed makes the same population again, and another seed another', () => {
  const print = (seed: number) => {
    const { records, logins } = population(2_000, seed);
    return createHash('sha256').update(JSON.stringify({ records, logins })).digest('hex');
  };
  assert.equal(print(1), print(1));
  assert.notEqual(print(1), print(2));
});

test('nobody has a number of eleven digits, every mask is synthetic, and no number stands on two records', () => {
  const { records, logins } = population(5_000, 3);
  const numbers = records.flatMap(({ number }) => number ?? []);
  assert.ok(numbers.length > 2_000);
  for (const { masked } of [...numbers, ...logins.flatMap(({ number }) => number ?? [])]) {
    assert.match(masked, /^[0-7][0-9](8[1-9]|9[0-2])[0-9]{2}\*{5}$/);
  }
  assert.equal(new Set(numbers.map(({ index }) => index)).size, numbers.length);
  assert.doesNotMatch(JSON.stringify({ records, logins }), ELEVEN_DIGITS);
});

test('records and logins have mistakes as often as is stated', () => {
  const { people, records, logins } = population(30_000, 5);
  const born = new Map(people.map(({ id, birthDate }) => [id, birthDate]));
  const first = records.filter(({ faults }) => !faults.includes('second record'));
  const adults = first.filter(({ person }) => (born.get(person) ?? '') < '2008');
  const vipps = logins.filter(({ provider }) => provider === 'vipps');
  const faulty = (...wanted: string[]) => first.filter(({ faults }) => wanted.some((fault) => faults.includes(fault)));
  const stated: [what: string, rate: number, seen: unknown[], of: unknown[]][] = [
    ['number', RECORD.number.rate, first.filter(({ number }) => number !== null), first],
    ['no birth date', RECORD.noBirthDate.rate, faulty('no birth date'), first],
    ['names swapped', RECORD.swappedNames.rate, faulty('names swapped'), first],
    ['name mistyped', RECORD.mistypedName.rate, faulty('given name mistyped', 'family name mistyped'), first],
    ['phone', RECORD.phone.rate, adults.filter(({ phone }) => phone !== null), adults],
    ['two records', RECORD.twice.rate, records.filter(({ faults }) => faults.includes('second record')), first],
    ['ID-porten', LOGIN.idporten.rate, logins.filter(({ provider }) => provider === 'idporten'), logins],
    ['no number', LOGIN.noNumber.rate, vipps.filter(({ number }) => number === null), vipps],
  ];
  for (const [what, rate, seen, of] of stated) {
    const spread = 5 * Math.sqrt((rate * (1 - rate)) / of.length);
    assert.ok(
      Math.abs(seen.length / of.length - rate) < spread,
      `${what}: ${seen.length} of ${of.length}, stated ${rate}`,
    );
  }
});

test('what somebody takes over is what a member has given up', () => {
  const { people, records } = population(20_000, 7);
  const recorded = new Set(records.flatMap(({ phone, email }) => [phone, email]));
  const taken = people.filter(({ tookOver }) => tookOver.length > 0);
  assert.ok(taken.length > 100);
  for (const { phone, email } of taken) assert.ok(recorded.has(phone) || recorded.has(email));
});

test('a small population: every login has one verdict, none of ours is wrong, and of the others some are', async () => {
  await using db = await createTestDatabase();
  const options = { members: 3_000, logins: 1_200, seed: 1 };
  const result = await measureLinkage(
    { pool: db.pool, url: db.urlFor('auth_callback'), say: () => undefined },
    options,
  );
  for (const method of METHOD_NAMES) {
    const { logins, right, wrong, missed, refused } = scoreOf(result, method, 'sample');
    assert.equal(logins, options.logins, method);
    assert.equal(right + wrong + missed + refused, logins, method);
    assert.ok(right > 0 && missed > 0, method);
  }
  assert.ok(result.risky > 5);
  for (const part of ['sample', 'risky'] as const) assert.equal(scoreOf(result, 'ours', part).wrong, 0);
  for (const method of ['email', 'first'] as const) assert.ok(scoreOf(result, method, 'sample').wrong > 0, method);
  const { rows } = await db.pool.query(
    `select (select count(*)::int from registry.observations where outcome <> 'deferred') as settled,
       (select count(distinct n)::int from linkage.chosen) as chosen`,
  );
  assert.equal(result.returns.logins, options.logins);
  assert.ok(
    result.returns.opened < scoreOf(result, 'ours', 'sample').asked / 20,
    `${result.returns.opened} cases anew`,
  );
  assert.equal(rows[0].settled, rows[0].chosen + result.returns.logins);
  const page = writePage(result, { at: '2026-11-28', commit: 'abc', seconds: 1 });
  for (const { what, measured } of goals(result)) assert.ok(page.includes(what) && page.includes(measured), what);
  for (const { cause } of result.causes) assert.ok(page.includes(cause), cause);
  for (const secret of [ELEVEN_DIGITS, /\+47/, /@mail\.example/]) assert.doesNotMatch(page, secret);
});

test('links to somebody else are counted as wrong, each with a cause', async () => {
  await using db = await createTestDatabase();
  await createWorld(db.pool, { members: 1_000, seed: 2 });
  await chooseLogins(db.pool, { logins: 300, seed: 2 });
  // As if everybody were taken for the first member.
  await db.pool.query(`create table linkage.results as
    select n, gen_random_uuid() as observation_id, 'confirmed' as outcome,
      (select id from registry.members where external_id = 'm1') as member_id
    from linkage.chosen group by n`);
  await decideOtherwise(db.pool);
  const { scores, causes } = await judge(db.pool);
  const { rows } = await db.pool.query(`select count(*)::int as own from linkage.chosen as c
    join linkage.records as r on r.person = c.person where r.external_id = 'm1' and c.part = 'sample'`);
  const sample = scores.find(({ method, part }) => method === 'ours' && part === 'sample') as Score;
  const { right, wrong, missed, refused } = sample;
  assert.deepEqual([right, wrong, missed, refused], [rows[0].own, 300 - rows[0].own, 0, 0]);
  assert.ok(sample.wrongAgainstNameAndBirthDate > 200);
  const found = causes.filter(({ method, fate }) => method === 'ours' && fate === 'wrong');
  assert.equal(
    found.reduce((sum, cause) => sum + cause.sample, 0),
    wrong,
  );
});

test('wrong links of a million: the risky ones are counted, the others estimated', () => {
  const score = (part: Part, logins: number, wrong: number): Score => ({
    method: 'ours',
    part,
    logins,
    wrong,
    right: logins - wrong,
    missed: 0,
    refused: 0,
    wrongAgainstNameAndBirthDate: 0,
    asked: logins / 50,
  });
  const result = (risky: number, ordinary: number): Result => ({
    options: { members: 1, logins: 1, seed: 1 },
    possible: 1_000_000,
    sample: 100_000,
    risky: 10_000,
    returns: { logins: 100_000, opened: 100 },
    causes: [],
    scores: [score('risky', 10_000, risky), score('ordinary', 99_000, ordinary), score('sample', 100_000, ordinary)],
  });
  assert.equal(wrongPerMillion(result(2, 0), 'ours').figure, 2);
  assert.equal(Math.round(wrongPerMillion(result(2, 0), 'ours').atMost), 32);
  assert.equal(Math.round(wrongPerMillion(result(0, 1), 'ours').figure), 10);
  const met = (of: Result) => goals(of).map((goal) => goal.met);
  assert.deepEqual(met(result(1, 0)), [true, true, true]);
  assert.deepEqual(met(result(2, 0)), [false, true, true]);
});

test('cases: a first login is asked about more often than a later one', () => {
  const at = (asked: number, opened: number) => {
    const sample = { method: 'ours', part: 'sample', logins: 1_000, right: 0, wrong: 0, missed: 0, refused: 0, asked };
    const scores = [{ ...sample, wrongAgainstNameAndBirthDate: 0 } as Score];
    return casesPerLogin({
      options: { members: 1, logins: 1_000, seed: 1 },
      possible: 1_000,
      sample: 1_000,
      risky: 0,
      returns: { logins: 1_000, opened },
      causes: [],
      scores,
    });
  };
  assert.deepEqual(at(60, 0), { first: 0.06, later: 0, year: 0.005, metAfter: 12 });
  assert.deepEqual(at(4, 4), { first: 0.004, later: 0.004, year: 0.004, metAfter: 1 });
});

test('names and identifiers are compared apart from the database', () => {
  const disagree: [string | null, string | null, string | null, string | null, boolean][] = [
    ['Kari', 'Hansen', 'Kari Anne', 'Hansen', false],
    ['Hansen', 'Kari', 'Kari', 'Hansen', false],
    ['Kari', 'Ødegård', 'KARI', 'Odegaard', false],
    [null, 'Hansen', 'Ola', 'Hansen', false],
    ['Kari', 'Hansen', 'Ola', 'Hansen', true],
    ['Kari', 'Hansen', 'Kari', 'Olsen', true],
  ];
  for (const [given, family, otherGiven, otherFamily, wanted] of disagree) {
    const other = { given: otherGiven, family: otherFamily };
    assert.equal(nameDisagrees({ given, family }, other), wanted, `${given} ${family}, ${otherGiven} ${otherFamily}`);
  }
  assert.equal(compare('A@b', 'a@B'), 'same');
  assert.equal(compare(null, 'x'), 'not in the login');
  assert.equal(compare('x', null), 'not in the record');
  assert.equal(compare('x', 'y'), 'other');
});
