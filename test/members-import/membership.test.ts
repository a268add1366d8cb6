import assert from 'node:assert/strict';
import { test } from 'vitest';
import { createImportWorld, csv } from './support/run-import.ts';

// Residence, membership and dues (docs/importing-members.md): what grants ask about, with its history.

const HEADER =
  'external_id,given_name,municipality,address,postal_code,chapter,member_since,member_until,dues_year,dues_paid_on,dues_amount';

const residences = `select m.external_id, r.municipality, r.municipality_year, r.municipality_written, r.address, r.postal_code, r.chapter
  from reporting.residences r join registry.members m on m.id = r.member_id order by m.external_id, r.known_from`;
const memberships = `select m.external_id, s.since::text, s.until::text from reporting.memberships s
  join registry.members m on m.id = s.member_id order by 1, 2`;
const dues = `select m.external_id, d.year, d.paid_on::text, d.amount::integer from reporting.dues d
  join registry.members m on m.id = d.member_id order by 1, 2`;

test('each column is taken, and a move, a resignation and the dues of another year leave what was', async () => {
  await using world = await createImportWorld();
  const { out } = await world.imported(
    csv(
      HEADER,
      '1,Ola,Oslo,Storgata 1,0155,Oslo lokallag,2019-05-01,,2025,2025-03-10,35000',
      '2,Kari,0403,,,,2020-01-01,,,,',
    ),
  );
  assert.match(out, /added {6}2/);
  assert.deepEqual(await world.query(residences), [
    {
      external_id: '1',
      municipality: '0301',
      municipality_year: 2025,
      municipality_written: 'Oslo',
      address: 'Storgata 1',
      postal_code: '0155',
      chapter: 'Oslo lokallag',
    },
    {
      external_id: '2',
      municipality: '0403',
      municipality_year: 2019,
      municipality_written: '0403',
      address: null,
      postal_code: null,
      chapter: null,
    },
  ]);
  await world.query(`update reporting.residences set known_from = date '2025-02-01'`);

  const second = await world.imported(
    csv(
      HEADER,
      '1,Ola,Bergen,Bryggen 2,5003,Bergen lokallag,2019-05-01,2026-12-31,2026,2026-02-01,36000',
      '2,Kari,0403,,,,2020-01-01,,2026,2026-02-02,36000',
    ),
  );
  assert.match(second.out, /changed {4}2/);
  assert.deepEqual(
    (await world.query<Record<string, unknown>>(residences)).map((row) => [row.external_id, row.municipality]),
    [
      ['1', '0301'],
      ['1', '4601'],
      ['2', '0403'],
    ],
  );
  assert.deepEqual(await world.query(memberships), [
    { external_id: '1', since: '2019-05-01', until: '2026-12-31' },
    { external_id: '2', since: '2020-01-01', until: null },
  ]);
  assert.deepEqual(await world.query(dues), [
    { external_id: '1', year: 2025, paid_on: '2025-03-10', amount: 35000 },
    { external_id: '1', year: 2026, paid_on: '2026-02-01', amount: 36000 },
    { external_id: '2', year: 2026, paid_on: '2026-02-02', amount: 36000 },
  ]);
  const [event] = await world.query<{ message: string }>(
    `select message from audit.events where event = 'member_updated' order by id limit 1`,
  );
  assert.equal(event?.message, 'An import changed residence, membership, dues of the member record.');

  const again = await world.imported(
    csv(
      HEADER,
      '1,Ola,Bergen,Bryggen 2,5003,Bergen lokallag,2019-05-01,2026-12-31,2026,2026-02-01,36000',
      '2,Kari,0403,,,,2020-01-01,,2026,2026-02-02,36000',
    ),
  );
  assert.match(again.out, /unchanged {2}2/);
  const versions = await world.query<{ version: number }>('select version from registry.members');
  assert.deepEqual(
    versions.map(({ version }) => version),
    [1, 1],
    'the record itself has not changed',
  );
});

test('who left and came back has two memberships; a first day that was wrong is corrected', async () => {
  await using world = await createImportWorld();
  const only = 'external_id,member_since,member_until';
  await world.imported(csv(only, '1,2018-01-01,2020-12-31', '2,2019-05-01,'));
  await world.imported(csv(only, '1,2023-03-01,', '2,2018-05-01,2025-12-31'), '--accept-differences');
  assert.deepEqual(await world.query(memberships), [
    { external_id: '1', since: '2018-01-01', until: '2020-12-31' },
    { external_id: '1', since: '2023-03-01', until: null },
    { external_id: '2', since: '2018-05-01', until: '2025-12-31' },
  ]);
});

test('a first day from before an earlier membership makes one of both', async () => {
  await using world = await createImportWorld();
  const only = 'external_id,member_since,member_until';
  await world.imported(csv(only, '1,2018-01-01,2020-12-31'));
  await world.imported(csv(only, '1,2023-03-01,'));
  await world.imported(csv(only, '1,2018-01-01,'));
  assert.deepEqual(await world.query(memberships), [{ external_id: '1', since: '2018-01-01', until: null }]);
});

test('a column that the file lacks is left alone; what is no municipality is kept as it was written', async () => {
  await using world = await createImportWorld();
  await world.imported(csv('external_id,municipality,chapter', '1,Atlantis,Oslo', '2,,'));
  await world.imported(csv('external_id,address', '1,Storgata 1', '2,'), '--accept-differences');
  assert.deepEqual(
    (await world.query<Record<string, unknown>>(residences)).map((row) => [
      row.external_id,
      row.municipality,
      row.municipality_written,
      row.address,
      row.chapter,
    ]),
    [['1', null, 'Atlantis', 'Storgata 1', 'Oslo']],
  );
});

test('what cannot be read rejects its row, with all reasons; a number in an address does too', async () => {
  await using world = await createImportWorld();
  const { out } = await world.run(
    world.file(
      'members.csv',
      csv(
        HEADER,
        '1,Ola,,,,,2020-01-01,2019-01-01,,,',
        '2,Kari,,,,,1.1.2020,x,95,2099-01-01,35.5',
        '3,Per,,,,,,,,,35000',
        '4,Pål,,Storgata 01815025039,,,,,,,',
        '5,Ada,Oslo,,,,,,2025,,35000',
      ),
    ),
  );
  assert.match(out, /added {6}1/);
  const { rows } = await world.db.pool.query('select line, reasons from registry.import_rejections order by line');
  assert.deepEqual(rows, [
    { line: 2, reasons: ['member_until_unusable'] },
    {
      line: 3,
      reasons: [
        'member_since_unusable',
        'member_until_unusable',
        'dues_year_unusable',
        'dues_paid_on_unusable',
        'dues_amount_unusable',
      ],
    },
    { line: 4, reasons: ['dues_year_unusable'] },
    { line: 5, reasons: ['personnummer_in_another_column'] },
  ]);
});

test('kroner where the mapping says so', async () => {
  await using world = await createImportWorld();
  const mapping = world.file('mapping.json', '{"amounts": "kroner"}');
  const rows = ['350', '"350,00"', 'kr 1 350.50', '"350,-"'].map((amount, nth) => `${nth},2025,${amount}`);
  await world.imported(csv('external_id,dues_year,dues_amount', ...rows), '--mapping', mapping);
  assert.deepEqual(
    (await world.query<{ amount: number }>(dues)).map(({ amount }) => amount),
    [35000, 35000, 135050, 35000],
  );
});
