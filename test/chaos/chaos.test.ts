import assert from 'node:assert/strict';
import { test } from 'vitest';
import { runChaos } from './chaos.ts';
import { findPgbouncer } from './pooler.ts';
import { assertHolds, chooseSeed, logFolder } from './support.ts';
import { writeTable } from './table.ts';

// Short runs; `npm run chaos` is the long one.

test('ten seconds of chaos lose nothing and send nothing twice', async () => {
  const seed = chooseSeed();
  console.log(`seed ${seed}`);
  const report = await runChaos({ seed, seconds: 10, logs: logFolder('direct'), report: () => undefined });
  console.log(writeTable(report));
  assertHolds(report.invariants);
  assert.ok(Number(report.figures['pushes delivered']) > 0);
});

/** Skipped without Debian's package pgbouncer, which .ci/run installs where it can. */
const missing = findPgbouncer() === undefined;

test('the same through PgBouncer in transaction mode', { skip: missing }, async () => {
  const seed = chooseSeed();
  console.log(`seed ${seed}`);
  const report = await runChaos({
    seed,
    seconds: 6,
    pooled: true,
    logs: logFolder('pooled'),
    report: () => undefined,
  });
  console.log(writeTable(report));
  assertHolds(report.invariants);
  assert.ok(Number(report.figures['pushes delivered']) > 0);
});
