import { format, parseArgs } from 'node:util';
import { startBenchCluster } from './cluster.ts';
import { full, quick } from './context.ts';
import { createBenchKeys } from './keys.ts';
import { describeMachine } from './machine.ts';
import { chooseParts, type Run } from './parts.ts';
import { createPeerTables } from './peers.ts';
import { type Result, withPart } from './report/result.ts';
import { printTable } from './report/table.ts';
import { readReport, writeReport } from './report/write-report.ts';

/**
 * `npm run bench [-- --quick]`: every bar of design section 11 in one run, as a table, as JSON, and as charts.
 * `-- --only decisions` (or `members`, `logins`, `trouble`, `pushes`, `invoices`, `grants`) measures that part alone and writes no report; with
 * `--into-report` its figures take the place of the last run's. `-- --history 50000000` writes no report either: that many stored logins, audit
 * events and attempts (a gigabyte of disk for a million of each).
 */
async function main(): Promise<void> {
  const { size, only, stored, intoReport } = readArguments();
  const begun = performance.now();
  const seconds = () => (performance.now() - begun) / 1000;
  const say = (line: string) => console.log(line);
  const step: Run['step'] = async (title, action) => {
    say(`${seconds().toFixed(0).padStart(4)} s  ${title}`);
    await action();
  };
  await using cluster = await startBenchCluster();
  const { rows: versions } = await cluster.pool.query<{ server_version: string }>('show server_version');
  const machine = describeMachine(versions[0]?.server_version ?? '', cluster.folder);
  const [rows, series]: [Run['rows'], Run['series']] = [[], []];
  const run: Run = { context: { cluster, size, say }, keys: createBenchKeys(), stored, rows, series, step };
  await createPeerTables(cluster.pool);
  const failures: string[] = [];
  for (const [title, part] of chooseParts(only)) {
    // What the last part wrote is cleaned up and on the disk before the next one is measured.
    for (const text of ['vacuum analyze', 'checkpoint']) await cluster.pool.query(text);
    // What the others took an hour to measure is shown all the same.
    await step(title, () => part(run)).catch((error: unknown) => failures.push(`${title}: ${format(error)}`));
  }

  const took = seconds();
  printTable(rows, say);
  if (failures.length > 0)
    throw new Error(`${failures.length} parts failed, and no report is written:\n${failures.join('\n')}`);
  if (only !== undefined && !intoReport) return;
  const result: Result = {
    takenAt: new Date().toISOString(),
    size: size.name,
    seconds: Math.round(took),
    machine,
    settings: cluster.settings,
    rows,
    series,
  };
  for (const path of writeReport(only === undefined ? result : withPart(readReport(), only, result)))
    say(`written: ${path}`);
  say(`${took.toFixed(0)} s`);
}

function readArguments() {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      history: { type: 'string' },
      only: { type: 'string' },
      'into-report': { type: 'boolean', default: false },
    },
  });
  const only = values.history === undefined ? values.only : 'history';
  const stored = Number(values.history ?? 1_000_000);
  if (chooseParts(only).length === 0) throw new Error(`nothing to measure is called ${only}`);
  if (!Number.isSafeInteger(stored) || stored < 1) throw new Error('--history takes a number of stored logins');
  const intoReport = values['into-report'];
  if (intoReport && (values.quick || values.only === undefined))
    throw new Error('--into-report is for one part (--only) at full size');
  return { size: values.quick ? quick : full, only, stored, intoReport };
}

await main();
