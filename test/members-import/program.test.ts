import assert from 'node:assert/strict';
import pg from 'pg';
import { test } from 'vitest';
import { explainFailure } from '../../members-import/database-failure.ts';
import { createImportWorld, csv } from './support/run-import.ts';

const again = /start the same command again/;

test('--help says how the command is used and needs nothing for it', async () => {
  await using world = await createImportWorld();
  for (const word of ['--help', '-h']) {
    const { code, out, err } = await world.startWith({ DATABASE_URL: '' }, word).finished;
    assert.equal(code, 0);
    assert.match(out, /^Usage: npm run members:import/);
    assert.equal(err, '');
  }
});

test('what is wrong with the database is said, and nobody is told to start again where it does not help', async () => {
  await using world = await createImportWorld();
  const file = world.file('members.csv', csv('external_id', '1'));
  const changed = (change: (url: URL) => void) => {
    const url = new URL(world.db.urlFor('member_importer'));
    change(url);
    return url.href;
  };
  for (const [url, says] of [
    [changed((url) => (url.password = 'wrong')), /does not accept the user or the password/],
    [changed((url) => (url.password = '')), /does not accept the user or the password/],
    [changed((url) => (url.username = 'nobody')), /does not accept the user or the password/],
    [changed((url) => (url.pathname = '/nowhere')), /there is no database of the name/],
    [changed((url) => (url.pathname = '/postgres')), /npm run migrate/],
    [
      world.db.urlFor('auth_callback'),
      /database_role_unexpected: DATABASE_URL: this program logs in as member_importer/,
    ],
    [changed((url) => (url.port = '9')), /the database cannot be reached \(ECONNREFUSED\)$/m],
  ] as const) {
    const { code, err } = await world.startWith({ DATABASE_URL: url }, file).finished;
    assert.equal(code, 1);
    assert.match(err, says);
    assert.doesNotMatch(err, again);
  }
});

test('what passes is told from what does not', () => {
  const sentence = (code: string) => {
    return explainFailure(Object.assign(new pg.DatabaseError('', 0, 'error'), { code }), 'importing').message;
  };
  for (const state of ['57P01', '53300', '40P01', '55P03']) assert.match(sentence(state), again);
  for (const state of ['XX000', '42501', '28P01', '22023']) assert.doesNotMatch(sentence(state), again);
  assert.match(explainFailure(new Error('Connection terminated unexpectedly'), 'importing').message, again);
});

test('one row is one row', async () => {
  await using world = await createImportWorld();
  const { out } = await world.imported(csv('external_id', '1'));
  assert.match(out, /^1 row in/m);
});

test('one file imported twice at once is imported once, and nobody is told of another file', async () => {
  await using world = await createImportWorld();
  const rows = Array.from({ length: 2_000 }, (_, nth) => `${nth},Ola`);
  const path = world.file('members.csv', csv('external_id,given_name', ...rows));
  const ends = await Promise.all([world.run(path, '--partial'), world.run(path, '--partial')]);
  assert.ok(ends.some(({ code }) => code === 0));
  for (const { code, err } of ends) if (code !== 0) assert.match(err, /another start, of the same file or another one/);
  assert.equal((await world.members()).length, 2_000);
  const added = await world.query(`select from audit.events where event = 'member_added'`);
  assert.equal(added.length, 2_000);
});
