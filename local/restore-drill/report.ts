import { formatTable } from '../demo/table.ts';
import type { DrillReport } from './drill.ts';

/** The report as tables for a terminal. */
export function describeDrill(report: DrillReport): string {
  const { tool, postgres, bytes, steps, atThatMoment, cameBack, whenLost, faults, sentAgain, hadArrived, madeTwice } =
    report;
  const whats = Object.keys(atThatMoment.counts);
  const count = (of: typeof atThatMoment) => (what: string) => String(of.counts[what]);
  return [
    formatTable(
      [
        ['step', ({ step }) => step],
        ['seconds', ({ seconds }) => seconds.toFixed(1)],
      ],
      steps,
    ),
    '',
    formatTable(
      [
        ['what', (what: string) => what],
        ['at that moment', count(atThatMoment)],
        ['came back', count(cameBack)],
        ['when the server was lost', count(whenLost)],
      ],
      whats,
    ),
    '',
    `${tool}, PostgreSQL ${postgres}, ${Math.round(bytes / 1_000_000)} MB`,
    `sent again: ${sentAgain}, each with the Idempotency-Key it had; ${hadArrived} of them had arrived before, ${madeTwice} changed anything there`,
    `erasures of the ledger carried out again: ${report.erasuresReplayed}`,
    `audit:verify: ${report.audit}`,
    ...faults.map((fault) => `NOT AS IT SHOULD BE: ${fault}`),
    faults.length === 0 ? 'the drill has succeeded' : 'the drill has failed',
  ].join('\n');
}
