import assert from 'node:assert/strict';
import { test } from 'vitest';
import { createImportWorld, csv, type ImportWorld } from './support/run-import.ts';

// A file in which every row is in order, and which is wrong as a whole. The basis is the last import of the organisation.

const HEADER = 'external_id,given_name,birth_date,email';
const SIZE = 20;

type Change = (nth: number) => { id?: string; given?: string; date?: string; email?: string };

function file(change: Change = () => ({}), size = SIZE): string {
  const rows = Array.from({ length: size }, (_, nth) => {
    const changed = change(nth);
    const date = changed.date ?? `19${50 + nth}-01-01`;
    return [changed.id ?? `${1000 + nth}`, changed.given ?? 'Ola', date, changed.email ?? `m${nth}@example.org`].join(
      ',',
    );
  });
  return csv(HEADER, ...rows);
}

async function imported(): Promise<ImportWorld> {
  const world = await createImportWorld();
  await world.imported(file());
  return world;
}

/** What is stored, and that nothing of the file is: the run that waits has done nothing. */
async function contents(world: ImportWorld) {
  return { members: await world.members(), events: await world.query(`select event from audit.events order by id`) };
}

const unlike: [string, string, RegExp, ...string[]][] = [
  [
    'ids of another form',
    file((nth) => ({ id: `NHF-${1000 + nth}` })),
    /column external_id: 100 % of the values have another form/,
    '--partial',
  ],
  [
    'ids with zeros in front',
    file((nth) => ({ id: `0${1000 + nth}` })),
    /column external_id: 100 % .*members are not in the file/,
  ],
  [
    'an empty column',
    file(() => ({ email: '' })),
    /column email: 100 % .* another form; column email: 100 % of the members would/,
  ],
  [
    'a column in the place of another',
    file((nth) => ({ given: `m${nth}@example.org` })),
    /column given_name: 100 % .* form/,
  ],
  [
    'a column sorted by itself',
    file((nth) => ({ date: `19${50 + SIZE - 1 - nth}-01-01` })),
    /^(?!.*form).*column birth_date: 100 % of the members/,
  ],
  [
    'many more rejected',
    file((nth) => (nth % 2 === 0 ? { date: 'ukjent' } : {})),
    /50 % of the rows would be rejected, 0 % the last time/,
  ],
  ['half the members absent', file(undefined, SIZE / 2), /50 % of the members are not in the file/],
  [
    'another organisation’s members',
    file((nth) => ({ id: `${2000 + nth}` })),
    /100 % of the members are not in the file/,
  ],
];

for (const [what, content, says, ...words] of unlike) {
  test(`${what}: the import stops before it writes, and goes on when somebody has looked`, async () => {
    await using world = await imported();
    const before = await contents(world);
    const path = world.file('members.csv', content);
    for (let time = 0; time < 2; time += 1) {
      const { code, err } = await world.run(...words, path);
      assert.equal(code, 3, err);
      assert.match(err, /^members-import: file_looks_different: nothing was imported/);
      assert.match(err.replaceAll('\n', ' ').replace(/.*the last one: /, ''), says);
      assert.match(err, /--accept-differences/);
      assert.deepEqual(await contents(world), before);
    }
    const dry = await world.run('--dry-run', ...words, path);
    assert.equal(dry.code, 0, dry.err);
    assert.match(dry.out, /An import would stop here and ask/);
    assert.deepEqual(await contents(world), before);
    const accepted = await world.run('--accept-differences', ...words, path);
    assert.equal(accepted.code, 0, accepted.err);
    const events = await world.query(`select from audit.events where event = 'import_differences_accepted'`);
    assert.equal(events.length, 1);
    // Now this is what an export of the organisation looks like.
    assert.equal((await world.run(...words, path)).code, 0);
  });
}

const alike: [string, string, ...string[]][] = [
  ['the same', file()],
  ['some new members', file(undefined, SIZE * 1.5)],
  ['a few gone', file(undefined, SIZE * 0.7)],
  ['a part that is said to be one', file(undefined, 3), '--partial'],
  ['a few new values', file((nth) => (nth < SIZE / 3 ? { email: 'ny@example.org' } : {}))],
  ['a few rejected', file((nth) => (nth < 2 ? { date: 'ukjent' } : {}))],
  ['fewer columns', csv('external_id', ...Array.from({ length: SIZE }, (_, nth) => `${1000 + nth}`))],
];

test('what ordinary months bring is not asked about', async () => {
  for (const [what, content, ...words] of alike) {
    await using world = await imported();
    const { code, err } = await world.run(...words, world.file('members.csv', content));
    assert.equal(code, 0, `${what}: ${err}`);
  }
});

test('a person at the terminal is asked, and may say no', async () => {
  await using world = await imported();
  const before = await contents(world);
  const path = world.file('members.csv', file(undefined, 5));
  const answer = async (yes: boolean) => {
    const questions: string[] = [];
    const code = await world.runAsked(async (question) => {
      questions.push(question);
      return yes;
    }, path);
    return { code, questions };
  };
  assert.deepEqual(await answer(false), { code: 3, questions: ['Import it all the same?'] });
  assert.deepEqual(await contents(world), before);
  assert.deepEqual(await answer(true), { code: 0, questions: ['Import it all the same?'] });
});

test('the database takes no row of a file that has not been compared', async () => {
  await using world = await imported();
  const start = await world.query<{ run_id: string }>(`select * from import.start_run($1, $2, '{email}', false)`, [
    world.organization.slug,
    'f'.repeat(64),
  ]);
  const load = world.query(`select import.load_rows($1, 0, 1, '[{"line": 2, "external_id": "x"}]', '[]')`, [
    start[0]?.run_id,
  ]);
  await assert.rejects(load, { code: 'PN007' });
});
