import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runChaos } from './chaos.ts';
import { findPgbouncer } from './pooler.ts';
import { assertHolds, chooseSeed, logFolder } from './support.ts';
import { writeTable } from './table.ts';

// Short runs; `npm run chaos` is the long one.

test('ten seconds of chaos lose nothing and send nothing twice', async (t) => {
  const seed = chooseSeed();
  t.diagnostic(`seed ${seed}`);
  const report = await runChaos({ seed, seconds: 10, logs: logFolder('direct'), report: () => undefined });
  t.diagnostic(writeTable(report));
  assertHolds(report.invariants);
  assert.ok(Number(report.figures['pushes delivered']) > 0);
});

const missing = findPgbouncer() === undefined ? 'pgbouncer is not installed' : false;
test('the same through PgBouncer in transaction mode', { skip: missing }, async (t) => {
  const seed = chooseSeed();
  t.diagnostic(`seed ${seed}`);
  const report = await runChaos({
    ...{ seed, seconds: 6, pooled: true, logs: logFolder('pooled') },
    report: () => undefined,
  });
  t.diagnostic(writeTable(report));
  assertHolds(report.invariants);
  assert.ok(Number(report.figures['pushes delivered']) > 0);
});
