import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startBenchCluster } from './cluster.ts';
import { type Context, full, quick } from './context.ts';
import { createBenchKeys } from './keys.ts';
import { describeMachine } from './machine.ts';
import { createPeerTables } from './peers.ts';
import { printTable } from './report/table.ts';
import { writeFlames, writeReport } from './report/write-report.ts';
import type { Row } from './row.ts';
import { measureCasePage } from './rows/case-page.ts';
import { measureDecisions } from './rows/decisions.ts';
import { measureFlames } from './rows/flames.ts';
import {
  growMembers,
  growObservations,
  growOrganizations,
  measureLargeOverSmall,
  measureMembers,
  type Series,
  sampleWorld,
  toSeries,
} from './rows/growth.ts';
import { measureHistory } from './rows/history.ts';
import { measureImport } from './rows/import.ts';
import { measureLogins } from './rows/logins.ts';
import { measurePushes } from './rows/pushes.ts';

/**
 * `npm run bench [-- --quick]`: every bar of design section 11 in one run, as a table, as JSON, and as charts.
 * `-- --only decisions` (or `members`, `logins`, `pushes`) measures that part alone, and writes no report; so does
 * `-- --flames`, which draws where the server's CPU goes (needs `perf`, Debian's linux-perf), and
 * `-- --history 50000000`: that many stored logins, audit events and attempts (a gigabyte of disk for a million of each).
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      flames: { type: 'boolean', default: false },
      history: { type: 'string' },
      only: { type: 'string' },
    },
  });
  const only = values.flames ? 'flames' : values.history === undefined ? values.only : 'history';
  const begun = performance.now();
  const say = (line: string) => console.log(line);
  await using cluster = await startBenchCluster();
  const context: Context = { cluster, size: values.quick ? quick : full, say };
  const { rows: versions } = await cluster.pool.query<{ server_version: string }>('show server_version');
  const machine = describeMachine(versions[0]?.server_version ?? '', measureFsync(cluster.folder));
  const keys = createBenchKeys();
  await createPeerTables(cluster.pool);

  const rows: Row[] = [];
  const series: Series[] = [];
  const step = async (title: string, action: () => Promise<void>) => {
    say(`${((performance.now() - begun) / 1000).toFixed(0).padStart(4)} s  ${title}`);
    await action();
  };
  const part = async (title: string, action: () => Promise<void>) => {
    if (only !== undefined && only !== title) return;
    // What the last part wrote is cleaned up and on the disk before the next one is measured.
    for (const text of ['vacuum analyze', 'checkpoint']) await cluster.pool.query(text);
    await step(title, action);
  };
  const stored = Number(values.history);
  if (only === 'history') await part('history', async () => void rows.push(...(await measureHistory(context, stored))));
  if (only === 'flames') {
    await part('flames', async () => {
      for (const path of writeFlames(await measureFlames(context))) say(`written: ${path}`);
    });
  }
  await part('decisions', async () => void rows.push(...(await measureDecisions(context))));
  await part('logins', async () => void rows.push(await measureLogins(context, keys)));
  await part('pushes', async () => void rows.push(...(await measurePushes(context, keys))));
  // Last, because from here on the tables grow.
  await part('members', async () => {
    const { organization, points } = await growMembers(context, context.size.members);
    await step('import', async () => void rows.push(...(await measureImport(context, organization, keys))));
    const world = await sampleWorld(cluster.pool, organization);
    points.push(await measureMembers(context, world));
    series.push(toSeries('members', 'Decision while members grow', 'members', points));
    rows.push(await measureLargeOverSmall(context, world));
    await step('open cases', async () => {
      const found = await measureCasePage(context, world, keys);
      rows.push(...found.rows);
      series.push(...found.series);
    });
    await step('observations', async () => void series.push(await growObservations(context, world)));
    await step('organisations', async () => void series.push(await growOrganizations(context, world)));
  });

  const seconds = (performance.now() - begun) / 1000;
  printTable(rows, say);
  if (only !== undefined) return;
  const result = {
    takenAt: new Date().toISOString(),
    size: context.size.name,
    seconds: Math.round(seconds),
    machine,
    settings: cluster.settings,
    rows,
    series,
  };
  for (const path of writeReport(result)) say(`written: ${path}`);
  say(`${seconds.toFixed(0)} s`);
}

/** How many times a second this disk says that a small write has reached it. */
function measureFsync(folder: string): number {
  const file = openSync(join(folder, 'fsync'), 'w');
  const block = Buffer.alloc(8192);
  const begun = performance.now();
  let count = 0;
  for (; performance.now() - begun < 1_000; count += 1) {
    writeSync(file, block, 0, block.length, 0);
    fdatasyncSync(file);
  }
  closeSync(file);
  return count / ((performance.now() - begun) / 1000);
}

await main();
