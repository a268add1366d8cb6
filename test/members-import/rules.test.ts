import assert from 'node:assert/strict';
import { test } from 'vitest';
import { asPersonnummer, testKeys } from '../support/samples.ts';
import { createImportWorld, csv } from './support/run-import.ts';

const HEADER = 'external_id,given_name,family_name,birth_date,email,phone,personnummer';
const events = `select event, message, member_id, detail from audit.events where source = 'import' order by id`;
type Event = { event: string; message: string; member_id: string; detail: Record<string, unknown> };

test('numbers are sealed to the worker, indexed for the organisation and masked, and stand nowhere in clear', async () => {
  await using world = await createImportWorld();
  await world.imported(csv(HEADER, '1,Ola,Nordmann,1950-01-01,ola@example.org,90000001,01815025039'));
  const [member] = await world.members();
  const number = asPersonnummer('01815025039');
  const { unsealer, indexer } = testKeys();
  assert.equal((await unsealer.unseal(member?.personnummer_sealed ?? '')).reveal(), number.reveal());
  assert.equal(member?.personnummer_index, indexer.indexes(number, world.organization.id)[0]);
  assert.equal(member?.personnummer_masked, '018150*****');
  assert.equal(member?.personnummer_source, 'import');
});

test('one audit event for each change and one for the run', async () => {
  await using world = await createImportWorld();
  await world.imported(csv(HEADER, '1,Ola,,,,,01815025039', '2,Kari,,,,,', '3,Per,,,,,'));
  await world.imported(
    csv(HEADER, '1,Ola,,,,,01815025039', '2,Kari,,,k@example.org,90000002,', '3,Per,,,,,31926110341'),
  );
  const found = await world.query<Event>(events);
  assert.deepEqual(
    found.map(({ event, detail }) => [event, detail.changed ?? null]),
    [
      ['member_added', null],
      ['member_added', null],
      ['member_added', null],
      ['import_finished', null],
      ['member_updated', ['email', 'phone']],
      ['member_updated', ['personnummer']],
      ['import_finished', null],
    ],
  );
  assert.equal(found[0]?.message, 'An import added the member record, with the personnummer 018150*****.');
  assert.equal(
    found[5]?.message,
    'An import changed personnummer of the member record, with the personnummer 319261*****.',
  );
  assert.match(found[6]?.message ?? '', /finished after 3 rows: 0 added, 2 changed, 1 unchanged, 0 rejected/);
});

test('importing the same file again changes nothing', async () => {
  await using world = await createImportWorld();
  const content = csv(HEADER, '1,Ola,Nordmann,1950-01-01,ola@example.org,90000001,01815025039', '2,Kari,Li,,,,');
  await world.imported(content);
  const before = await world.members();
  const { out } = await world.imported(content);
  assert.match(out, /unchanged {2}2/);
  assert.deepEqual(await world.members(), before);
  assert.equal((await world.query('select from sync.pushes')).length, 0);
});

test('a column that the file lacks is left alone, an empty field is taken over, a missing number removes none', async () => {
  await using world = await createImportWorld();
  await world.imported(csv(HEADER, '1,Ola,Nordmann,1950-01-01,ola@example.org,90000001,01815025039'));
  await world.imported(csv('external_id,email,personnummer', '1,,'));
  const [member] = await world.members();
  assert.equal(member?.email, null);
  assert.equal(member?.phone, '+4790000001');
  assert.equal(member?.personnummer_masked, '018150*****');
});

test('a row that cannot be imported is listed by line and reasons, without what it says, and the others are imported', async () => {
  await using world = await createImportWorld();
  const { out } = await world.imported(
    csv(
      HEADER,
      '1,Ola,,,,,01815025039',
      '2,Wrong control digit,,,,,03897895161',
      '3,H-number,,,,,12429431083',
      '4,Lost zero,,,,,1815025039',
      ',Nobody,,,,,',
      '5,"Two\nlines",,1950-02-30,nobody,12,31847710074',
      '6,Short', // spreadsheets leave out delimiters at the end of a row
      '1,Again,,,,,',
      '08837220093,Number as id,,,,,',
      '8,29828804004,,,,,',
      ',,,,,,',
      '9,Last,,,,,',
    ),
  );
  assert.match(out, /rejected {3}8 {2}see .*members\.csv\.rejected\.csv/);
  assert.equal(
    world.read('members.csv.rejected.csv'),
    csv(
      'line,reasons',
      '3,personnummer_malformed',
      '4,personnummer_not_accepted',
      '5,personnummer_malformed',
      '6,external_id_missing',
      '7,birth_date_unusable email_unusable phone_unusable personnummer_malformed',
      '10,external_id_repeated',
      '11,personnummer_in_another_column',
      '12,personnummer_in_another_column',
    ),
  );
  assert.deepEqual(
    (await world.members()).map(({ external_id }) => external_id),
    ['1', '6', '9'],
  );
  assert.equal((await world.members())[0]?.given_name, 'Ola');
});

test('with --drop-bad-numbers such a row is imported without its number, and listed all the same', async () => {
  await using world = await createImportWorld();
  const rows = ['1,Ola,,,,,03897895161', '2,Kari,,1,,,03897895161', '1,Again,,,,,03897895161', ',,,,,,'];
  const { out } = await world.imported(csv(HEADER, ...rows), '--drop-bad-numbers');
  assert.match(out, /^3 rows in[\s\S]*added {6}1[\s\S]*rejected {3}2[\s\S]*left out because they are unusable: 1 /m);
  assert.deepEqual(
    (await world.members()).map(({ external_id, personnummer_masked }) => [external_id, personnummer_masked]),
    [['1', null]],
  );
  assert.equal(
    world.read('members.csv.rejected.csv'),
    csv(
      'line,reasons',
      '2,personnummer_malformed',
      '3,birth_date_unusable personnummer_malformed',
      '4,personnummer_malformed',
    ),
  );
});

test('two rows with one number, and a number that another member has, become duplicate cases and not failures', async () => {
  await using world = await createImportWorld();
  await world.imported(
    csv(HEADER, '1,Ola,,,,,01815025039', '2,Kari,,,,,31926110341', '3,Kari,,,,,31926110341', '4,Per,,,,,'),
  );
  const { out } = await world.imported(csv(HEADER, '4,Per,,,,,01815025039'), '--partial');
  assert.match(out, /not written because another member has them: 1/);
  const members = await world.members();
  const id = (external: string) => members.find(({ external_id }) => external_id === external)?.id;
  assert.deepEqual(
    members.map(({ personnummer_masked }) => personnummer_masked),
    ['018150*****', '319261*****', null, null],
  );
  const cases = await world.query(
    `select kind, member_id, other_member_id, observation_id, state, seen from registry.conflicts order by opened_at`,
  );
  const open = { kind: 'duplicate', observation_id: null, state: 'open', seen: 1 };
  assert.deepEqual(cases, [
    { ...open, member_id: id('3'), other_member_id: id('2') },
    { ...open, member_id: id('4'), other_member_id: id('1') },
  ]);
  await world.imported(csv(HEADER, '4,Per,,,,,01815025039'), '--partial');
  const [again] = await world.query<{ seen: number }>(`select seen from registry.conflicts where member_id = $1`, [
    id('4'),
  ]);
  assert.equal(again?.seen, 2, 'the same disagreement is counted up, not opened anew');
  const found = (await world.query<Event>(events)).filter(({ event }) => event === 'import_duplicate');
  assert.equal(found.length, 2);
});

test('a newer export replaces a number that came from an export', async () => {
  await using world = await createImportWorld();
  await world.imported(csv(HEADER, '1,Ola,,,,,01815025039'));
  await world.imported(csv(HEADER, '1,Ola,,,,,08837220093'));
  assert.equal((await world.members())[0]?.personnummer_masked, '088372*****');
  assert.equal((await world.query('select from sync.pushes')).length, 0, 'the member system has it already');
});

test('members that a full export does not have are listed and never deleted; a partial file lists nobody', async () => {
  await using world = await createImportWorld();
  await world.imported(csv(HEADER, '1,Ola,,,,,', '2,Kari,,,,,', '@3,Per,,,,,'));
  const partial = await world.imported(csv(HEADER, '1,Ola,,,,,'), '--partial');
  assert.doesNotMatch(partial.out, /not in the file/);
  const { out } = await world.imported(csv(HEADER, '1,Ola,,,,,'));
  assert.match(out, /2 members are not in the file; nothing was deleted/);
  assert.equal(world.read('members.csv.absent.csv'), csv('external_id', '2', `"'@3"`).replace(/2\n(.*)\n/, '2\n$1\n'));
  assert.equal((await world.members()).length, 3);
  await world.imported(csv(HEADER, '1,Ola,,,,,', '2,Kari,,,,,', '@3,Per,,,,,'));
  assert.equal(world.read('members.csv.absent.csv'), undefined);
});

test('without a recorded legal basis the members come in and their numbers do not', async () => {
  await using world = await createImportWorld({ capture: false });
  const { out } = await world.imported(csv(HEADER, '1,Ola,,,,,01815025039', '2,Kari,,,,,nonsense'));
  assert.match(out, /no legal basis/);
  assert.deepEqual(
    (await world.members()).map(({ personnummer_index }) => personnummer_index),
    [null, null],
  );
});

test('a dry run tells what would happen and leaves no trace', async () => {
  await using world = await createImportWorld();
  await world.imported(csv(HEADER, '1,Ola,,,,,01815025039', '2,Kari,,,,,'));
  const content = csv(
    HEADER,
    '1,Ola,Nordmann,,,,01815025039',
    '3,Per,,,,,31926110341',
    '4,Anna,,,,,31926110341',
    '5,Liv,,,,,01815025039',
    'x',
  );
  const trace = () =>
    world.query(
      `select (select count(*) from registry.members) as members, (select count(*) from audit.events) as events,
              (select count(*) from registry.conflicts) as cases, (select count(*) from registry.import_runs) as runs,
              (select count(*) from registry.import_lines) as lines, (select max(version) from registry.members) as version`,
    );
  const before = await trace();
  const { out } = await world.imported(content, '--dry-run');
  assert.match(
    out,
    /Dry run: nothing is changed[\s\S]*added {6}3[\s\S]*changed {4}1[\s\S]*unchanged {2}0[\s\S]*rejected {3}1/,
  );
  assert.match(out, /because another member has them: 2[\s\S]*1 member is not in the file/);
  assert.deepEqual(await trace(), before);
  const real = await world.imported(content);
  assert.match(real.out, /added {6}3[\s\S]*changed {4}1[\s\S]*because another member has them: 2/);
});
