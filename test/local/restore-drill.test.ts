import assert from 'node:assert/strict';
import { test } from 'vitest';
import { runDrill } from '../../local/restore-drill/drill.ts';
import { describeDrill } from '../../local/restore-drill/report.ts';

test('a lost server is restored to a moment: what was there comes back, what is sent again changes nothing, and the audit is whole', async () => {
  const report = await runDrill({ members: 0, say: () => undefined });
  const { atThatMoment, cameBack, whenLost } = report;
  assert.deepEqual(report.faults, [], describeDrill(report));
  assert.deepEqual(cameBack.digests, atThatMoment.digests);
  // Otherwise it would be no moment in between: there was more when the server was lost.
  assert.ok((whenLost.counts.logins ?? 0) > (cameBack.counts.logins ?? 0));
  assert.ok((whenLost.counts.decisions ?? 0) > (cameBack.counts.decisions ?? 0));
  assert.deepEqual([report.sentAgain, report.hadArrived, report.madeTwice], [2, 2, 0]);
  assert.match(describeDrill(report), /^the drill has succeeded$/m);
}, 600_000); // some twenty programs and two servers: long on a machine that is busy
