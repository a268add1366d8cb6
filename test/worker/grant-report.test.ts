import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'vitest';
import { hideSmall, hideSmallPlaces } from '../../runtime/small-counts.ts';
import { erase } from '../db/support/erasing.ts';
import { one } from '../support/acting-callback.ts';
import { bareEnvironment } from '../support/bare-environment.ts';
import { createTestDatabase } from '../support/database.ts';
import { writeGrantPopulation } from '../support/grant-population.ts';
import { addOrganization, testKeys } from '../support/samples.ts';

test('npm run grant:report: a draft with its three years, the same bytes again also after an erasure, lists without a personnummer', async () => {
  await using db = await createTestDatabase();
  const organization = await addOrganization(db);
  const truth = await writeGrantPopulation(db.pool, organization, { size: 300, seed: 21, numbers: true });
  const folder = mkdtempSync(join(tmpdir(), 'grants-'));

  async function run(...words: string[]) {
    const child = spawn(process.execPath, ['worker/grant-report.ts', '--organization', organization.slug, ...words], {
      env: {
        ...bareEnvironment(),
        ...testKeys().environment,
        DEPLOYMENT: 'local',
        DATABASE_URL: db.urlFor('sync_worker'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
    const [code] = await once(child, 'close');
    return { code, output };
  }

  const list = join(folder, 'list.csv');
  const notCounted = join(folder, 'not-counted.csv');
  const made = await run('--base-year', '2025', '--list', list, '--not-counted', notCounted, '--sample', '10');
  assert.equal(made.code, 0, made.output);
  assert.match(made.output, /base year 2025, application 2026, grant 2027; counted on 2025-12-31/);
  assert.match(
    made.output,
    new RegExp(`members who count +${truth.counted}\n  by a verified number +${truth.verified}\n`),
  );
  assert.match(made.output, /asked for: 250 members or 4 counties; reached: yes/);
  assert.match(made.output, /not counted: .*\n(.*\n)*? {2}paid_too_late/);
  const [lines, others] = [list, notCounted].map((file) => readFileSync(file, 'utf8').trim().split('\n'));
  assert.equal(lines?.[0], 'snapshot,nr,name,address,county,birth_year,paid_on,amount_kroner');
  assert.deepEqual([lines?.length, others?.length], [truth.counted + 1, truth.records - truth.counted + 1]);
  assert.ok(
    others?.slice(1).every((line) => /,[a-z_]+$/.test(line)),
    'each with a reason',
  );
  assert.equal(statSync(list).mode & 0o777, 0o600);
  assert.doesNotMatch(`${lines} ${others} ${made.output}`, /(^|[^0-9a-f-])\d{11}([^0-9]|$)/);

  const { id } = await one(db, 'select id from reporting.snapshots');
  const again = await run('--snapshot', id);
  const { rows: members } = await db.pool.query(
    'select member_id as id from reporting.snapshot_persons where reason is null order by nth limit 5',
  );
  for (const member of members) await erase(db, member);
  assert.equal((await run('--snapshot', id)).output, again.output, 'the same bytes');
  const forOthers = await run('--snapshot', id, '--for-others');
  assert.doesNotMatch(forOthers.output, /paid_too_late/);
  assert.match(forOthers.output, /<5/);

  assert.match((await run('--base-year', '2030')).output, /division_unknown/);
  assert.equal((await run('--base-year', '2025', '--snapshot', id)).code, 2, 'one of the two');
});

test('counts below five are hidden, and where it is only one, the next smallest too', () => {
  const shown = (...counts: number[]) =>
    hideSmall(counts.map((counted) => ({ counted })))
      .map(({ counted, hidden }) => (hidden ? '-' : `${counted}`))
      .join(' ');
  assert.equal(shown(100, 4, 7, 50), '100 - - 50');
  assert.equal(shown(100, 4, 2, 50), '100 - - 50');
  assert.equal(shown(100, 5, 50), '100 5 50');
  assert.equal(shown(3), '-');
});

test('what is hidden in one table cannot be worked out from another', () => {
  const figure = (key: string, counted: number) => ({ key, counted });
  // 34 has 43 members: without 3403 Hamar's 40 they would be 3415's 3.
  const { counties, municipalities } = hideSmallPlaces(
    [figure('03', 500), figure('34', 43), figure('56', 62)],
    [figure('0301', 500), figure('3403', 40), figure('3415', 3), figure('5603', 60), figure('5601', 2)],
  );
  const hidden = (rows: { key: string; hidden: boolean }[]) =>
    rows
      .filter((row) => row.hidden)
      .map(({ key }) => key)
      .join(' ');
  assert.deepEqual([hidden(counties), hidden(municipalities)], ['', '3403 3415 5603 5601']);
  // 56 is hidden so that nobody works out 55: then its municipalities are too.
  const small = hideSmallPlaces(
    [figure('03', 500), figure('55', 3), figure('56', 62)],
    [figure('0301', 500), figure('5501', 3), figure('5603', 62)],
  );
  assert.deepEqual([hidden(small.counties), hidden(small.municipalities)], ['55 56', '5501 5603']);
});
