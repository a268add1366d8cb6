import type { ChaosReport } from './chaos.ts';

function section(title: string, rows: [string, string | number][]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return [title, ...rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`)].join('\n');
}

/** The report for people. */
export function writeTable(report: ChaosReport): string {
  const verdicts = report.invariants.map(({ what, looked, broken }): [string, string] => {
    const some = broken.slice(0, 5).join(' ');
    return [what, broken.length === 0 ? `holds (${looked})` : `BROKEN ${broken.length} of ${looked}: ${some}`];
  });
  return [
    `seed ${report.seed}, ${report.seconds} s`,
    section('What was done', [...report.faults].sort()),
    section('How member systems treated requests', [...report.treatments].sort()),
    section('What happened', Object.entries(report.figures)),
    section('What must hold', verdicts),
  ].join('\n\n');
}
