/**
 * `npm run chaos -- [--seconds 600] [--seed 1] [--pooled]`: the system under load while programs are killed, the database is
 * stopped, connections are cut and member systems misbehave. Prints a table; ends with 1 when an invariant is broken.
 * `--pooled`: through PgBouncer in transaction mode.
 * `--ha [--faults 24]`: the database is three nodes with Patroni, etcd and HAProxy, which are killed, frozen and cut off one
 * after the other (docs/high-availability.md). `--keys [--seconds 300] [--rate 50]`: every kind of key turns over under so many logins a second, while
 * two callbacks and two workers are restarted with each step (docs/chaos.md). `--no-watchdog`: a primary that stood still goes on where it was; logins are lost.
 */
import { randomInt } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { whyNotAvailable } from './availability/cluster.ts';
import { runAvailability } from './availability/run.ts';
import { runChaos } from './chaos.ts';
import type { Invariant } from './invariants.ts';
import { runRotation } from './rotation/run.ts';
import { writeAvailabilityTable, writeRotationTable, writeTable } from './table.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    pooled: { type: 'boolean', default: false },
    ha: { type: 'boolean', default: false },
    keys: { type: 'boolean', default: false },
    rate: { type: 'string', default: '50' },
    faults: { type: 'string', default: '24' },
    'no-watchdog': { type: 'boolean', default: false },
  },
});
const logs = mkdtempSync(join(os.tmpdir(), 'personnummer-sync-chaos-logs-'));
console.log(`logs: ${logs}`);
const seed = Number(values.seed);
const say = (line: string) => console.log(line);
const run = values.ha ? withNodes : values.keys ? withNewKeys : withOneServer;
const invariants = await run();
if (invariants.some(({ broken }) => broken.length > 0)) process.exitCode = 1;

async function withOneServer(): Promise<readonly Invariant[]> {
  const { pooled, seconds } = values;
  const report = await runChaos({ seed, seconds: Number(seconds), logs, pooled, settleMs: 30_000, report: say });
  say(`\n${writeTable(report)}`);
  return report.invariants;
}

async function withNodes(): Promise<readonly Invariant[]> {
  const missing = whyNotAvailable();
  if (missing !== undefined) throw new Error(missing);
  const report = await runAvailability({
    seed,
    faults: Number(values.faults),
    watchdog: !values['no-watchdog'],
    logs,
    report: say,
  });
  say(`\n${writeAvailabilityTable(report)}`);
  return report.invariants;
}

async function withNewKeys(): Promise<readonly Invariant[]> {
  const report = await runRotation({
    seed,
    seconds: Number(values.seconds),
    loginsPerSecond: Number(values.rate),
    logs,
    report: say,
  });
  say(`\n${writeRotationTable(report)}`);
  return report.invariants;
}
