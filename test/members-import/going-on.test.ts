import assert from 'node:assert/strict';
import pg from 'pg';
import { test } from 'vitest';
import { addProvider, sealNumber, syntheticNumber } from '../support/samples.ts';
import { until } from '../support/until.ts';
import { createImportWorld, csv, type ImportWorld } from './support/run-import.ts';

const ROWS = 3_000;

/** Every tenth row is unusable; the others are members with numbers. */
function bigFile(): string {
  const rows = Array.from({ length: ROWS }, (_, at) => {
    const date = new Date(Date.UTC(1950, 0, 1 + Math.floor(at / 10))).toISOString().slice(0, 10);
    return at % 10 === 0 ? `${at},,not a date,` : `${at},Ola ${at},${date},${syntheticNumber(date, at % 10)}`;
  });
  return csv('external_id,given_name,birth_date,personnummer', ...rows);
}

const counts = (world: ImportWorld) =>
  world.query<Record<string, number>>(
    `select (select count(*)::int from registry.members) as members,
            (select count(personnummer_index)::int from registry.members) as numbers,
            (select count(*)::int from audit.events where event = 'member_added') as added,
            (select count(*)::int from audit.events where event = 'import_finished') as finished,
            (select count(*)::int from registry.import_lines) as lines`,
  );

test('a killed import goes on where it was: nothing is lost, nothing is done twice', async () => {
  await using world = await createImportWorld();
  const path = world.file('members.csv', bigFile());
  const first = world.start(path);
  await until('some of the rows are there', async () => {
    const [run] = await world.query<{ records_done: number }>('select records_done from registry.import_runs');
    return (run?.records_done ?? 0) >= 500;
  });
  first.process.kill('SIGKILL');
  assert.equal((await first.finished).code, 'SIGKILL');
  const second = await world.run(path);
  assert.equal(second.code, 0, second.err);
  const [, done] = /An earlier start did ([0-9]+) rows/.exec(second.out) ?? [];
  assert.ok(Number(done) >= 500 && Number(done) < ROWS);
  const members = ROWS * 0.9;
  assert.deepEqual(await counts(world), [{ members, numbers: members, added: members, finished: 1, lines: 0 }]);
  assert.match(second.out, new RegExp(`added {6}${members}\\n[\\s\\S]*rejected {3}${ROWS / 10} `));
  assert.equal(world.read('members.csv.rejected.csv')?.split('\n').length, ROWS / 10 + 2);
});

test('another file gives up the import that was not finished; its program learns of it', async () => {
  await using world = await createImportWorld();
  const first = world.start(world.file('first.csv', bigFile()));
  await until('the first one runs', async () => (await world.query('select from registry.import_runs')).length > 0);
  await world.imported(csv('external_id,given_name', 'x,Liv'), '--partial');
  const { code, err } = await first.finished;
  assert.equal(code, 1);
  assert.match(err, /another start, of the same file or another one, has finished it or taken its place/);
  const ends = await world.query<{ event: string }>(
    `select event from audit.events where event like 'import_%' order by id`,
  );
  assert.deepEqual(
    ends.map(({ event }) => event),
    ['import_abandoned', 'import_finished'],
  );
});

type Person = { at: number; number: string; sealed: Awaited<ReturnType<typeof sealNumber>> };

const phoneOf = (at: number) => `+4790${String(at).padStart(6, '0')}`;
const contactOf = (at: number) => `p${at},Ola,Nordmann,p${at}@example.org,${phoneOf(at)}`;

/** Sixty people; each number is three people's. */
function invitePeople({ organization }: ImportWorld): Promise<Person[]> {
  return Promise.all(
    Array.from({ length: 60 }, async (_, at) => {
      const number = syntheticNumber('1971-05-05', at % 20);
      return { at, number, sealed: await sealNumber(number, organization) };
    }),
  );
}

/** The people's numbers, each with many other members after it, so that there is time to log in. */
function numbersApart(header: string, people: Person[]): string {
  const filling = Array.from({ length: 4_000 }, (_, at) => `f${at},Per,Fyll,,,`);
  const rows = people.flatMap(({ at, number }) => [
    `${contactOf(at)},${number}`,
    ...filling.slice(at * 60, at * 60 + 60),
  ]);
  return csv(`${header},personnummer`, ...rows);
}

async function logIn(pool: pg.Pool, organization: string, { at, sealed }: Person): Promise<string | undefined> {
  const { rows } = await pool.query<{ outcome: string }>(
    `select outcome from login.record_observation(observation_id => gen_random_uuid(), organization => $1, provider => 'vipps',
       issuer => 'https://provider.example/', subject => $2, authenticated_at => now(), given_name => 'Ola', family_name => 'Nordmann',
       phone => $3, phone_verified => true, email => $4, email_verified => true,
       personnummer_index => $5, personnummer_sealed => $6, personnummer_masked => $7)`,
    [organization, `s${at}`, phoneOf(at), `p${at}@example.org`, ...Object.values(sealed)],
  );
  return rows[0]?.outcome;
}

test('members log in while they are imported: every login is recorded, every number is written once', async () => {
  await using world = await createImportWorld();
  await addProvider(world.db, world.organization);
  const people = await invitePeople(world);
  // The record exists without a number; the login and the import both bring one, now and then the same, now and then not.
  const header = 'external_id,given_name,family_name,email,phone';
  await world.imported(csv(header, ...people.map(({ at }) => contactOf(at))));
  const path = world.file('with-numbers.csv', numbersApart(header, people));
  const logins = new pg.Pool({ connectionString: world.db.urlFor('auth_callback'), max: 4 });
  const importing = world.run(path, '--partial', '--accept-differences');
  const outcomes = await Promise.all(people.map((person) => logIn(logins, world.organization.slug, person)));
  const { code, err } = await importing;
  await logins.end();
  assert.equal(code, 0, err);
  assert.ok(
    outcomes.every((outcome) => ['filled', 'confirmed', 'duplicate', 'conflict'].includes(outcome ?? '')),
    String(outcomes),
  );
  const [found] = await world.query<{ numbers: number; holders: number }>(
    `select count(personnummer_index)::int as numbers, count(distinct personnummer_index)::int as holders from registry.members`,
  );
  assert.deepEqual(found, { numbers: 20, holders: 20 });
});
