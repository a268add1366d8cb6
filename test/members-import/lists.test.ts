import assert from 'node:assert/strict';
import { readdirSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'vitest';
import { ImportError } from '../../runtime/csv/errors.ts';
import { writeList } from '../../runtime/csv/write-list.ts';
import { createImportWorld, csv, type ImportWorld } from './support/run-import.ts';

const members = csv('external_id,email', '1,nobody', '2,');

async function refused(world: ImportWorld, status: number, ...words: string[]): Promise<string> {
  const { code, err } = await world.run(...words);
  assert.equal(code, status, err);
  assert.equal((await world.query('select from registry.import_runs')).length, 0);
  return err;
}

test('the file, the mapping and the two lists are different files, by whatever name', async () => {
  await using world = await createImportWorld();
  const file = world.file('members.csv', members);
  const mapping = world.file('mapping.json', '{}');
  const list = `${file}.list`;
  symlinkSync(file, `${file}.link`);
  for (const [words, says] of [
    [['--rejected', file], /the file and --rejected are the same file/],
    [['--absent', `${file}.link`], /the file and --absent/],
    [['--rejected', list, '--absent', list.replace('/members', '/./members')], /--rejected and --absent/],
    [['--mapping', mapping, '--rejected', mapping], /--mapping and --rejected/],
  ] as const) {
    assert.match(await refused(world, 2, ...words, file), says);
  }
  assert.equal(world.read('members.csv'), members);
  assert.equal(world.read('mapping.json'), '{}');
});

test('a file that is no list of ours is left alone, and the import does not begin', async () => {
  await using world = await createImportWorld();
  const file = world.file('members.csv', members);
  const list = world.file('budget.csv', 'external_id,amount\n');
  assert.match(await refused(world, 1, '--absent', list, file), /is no list of an import/);
  assert.match(await refused(world, 1, '--rejected', list, file), /is no list of an import/);
  assert.equal(world.read('budget.csv'), 'external_id,amount\n');
  const { code } = await world.run('--partial', '--absent', file.replace('members', 'budget'), file);
  assert.equal(code, 0, 'nothing is written there');
});

test('lists of earlier imports are replaced, and removed where there is nothing to list', async () => {
  await using world = await createImportWorld();
  const [rejected, absent] = [
    world.file('r.csv', csv('line,reasons', '7,old')),
    world.file('a.csv', 'external_id\n9\n'),
  ];
  await world.imported(members, '--rejected', rejected, '--absent', absent);
  assert.equal(world.read('r.csv'), csv('line,reasons', '2,email_unusable'));
  assert.equal(world.read('a.csv'), undefined);
  const folder = dirname(rejected);
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith('.part')),
    [],
  );
});

test('a member whose row is rejected is not absent, if the row says whose it is', async () => {
  await using world = await createImportWorld();
  await world.imported(csv('external_id,email', '1,', '2,', '3,', '4,'));
  const { out } = await world.imported(csv('external_id,email', '1,', '2,nobody', '3'));
  assert.match(out, /1 member is not in the file/);
  assert.equal(world.read('members.csv.absent.csv'), csv('external_id', '4'));
});

test('a place where no list can be written is found out before the first row', async () => {
  await using world = await createImportWorld();
  const file = world.file('members.csv', members);
  const folder = file.replace('/members.csv', '');
  for (const place of [`${folder}/nowhere/list.csv`, `${file}/list.csv`, folder, '/dev/null']) {
    for (const option of ['--rejected', '--absent'])
      assert.match(await refused(world, 1, option, place, file), /no list can be written to|is no ordinary file/);
  }
});

test('a list that cannot be written at the end is told in a sentence, and so is what its lines cannot be had for', async () => {
  const lines = async function* () {
    yield '1,email_unusable';
  };
  const broken = async function* (): AsyncGenerator<string> {
    yield await Promise.reject(new ImportError('database_failed', 'gone'));
  };
  const codeOf = (error: unknown) => error instanceof ImportError && error.code;
  await assert.rejects(writeList('/nowhere/list.csv', 'line,reasons', lines()), (error) => {
    return codeOf(error) === 'list_not_writable';
  });
  await using world = await createImportWorld();
  const path = world.file('list.csv', '');
  await assert.rejects(writeList(path, 'line,reasons', broken()), (error) => codeOf(error) === 'database_failed');
});

test("two that list the same at once do not get in each other's way, nor does what one of them leaves behind", async () => {
  await using world = await createImportWorld();
  const path = world.file('list.csv', '');
  const begun = Promise.withResolvers<void>();
  const secondIsDone = Promise.withResolvers<void>();
  const slow = async function* () {
    yield '2,email_unusable';
    begun.resolve();
    await secondIsDone.promise;
    yield '3,email_unusable';
  };
  const quick = async function* () {
    yield '2,email_unusable';
  };
  const first = writeList(path, 'line,reasons', slow());
  await begun.promise;
  await writeList(path, 'line,reasons', quick());
  secondIsDone.resolve();
  assert.equal(await first, 2);
  assert.equal(world.read('list.csv'), csv('line,reasons', '2,email_unusable', '3,email_unusable'));
  assert.deepEqual(readdirSync(dirname(path)), ['list.csv']);
});
