/**
 * `npm run chaos -- [--seconds 600] [--seed 1] [--pooled]`: the system under load while programs are killed, the database is
 * stopped, connections are cut and member systems misbehave. Prints a table; ends with 1 when an invariant is broken.
 * `--pooled`: through PgBouncer in transaction mode.
 */
import { randomInt } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runChaos } from './chaos.ts';
import { writeTable } from './table.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    pooled: { type: 'boolean', default: false },
  },
});
const logs = mkdtempSync(join(os.tmpdir(), 'personnummer-sync-chaos-logs-'));
console.log(`logs: ${logs}`);
const report = await runChaos({
  seed: Number(values.seed),
  seconds: Number(values.seconds),
  logs,
  pooled: values.pooled,
  settleMs: 30_000,
  report: (line) => console.log(line),
});
console.log(`\n${writeTable(report)}`);
if (report.invariants.some(({ broken }) => broken.length > 0)) process.exitCode = 1;
