import type { AvailabilityReport } from './availability/run.ts';
import type { ChaosReport } from './chaos.ts';
import type { Invariant } from './invariants.ts';
import type { RotationReport } from './rotation/run.ts';

function section(title: string, rows: [string, string | number][]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return [title, ...rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`)].join('\n');
}

function verdicts(invariants: readonly Invariant[]): [string, string][] {
  return invariants.map(({ what, looked, broken }) => {
    const some = broken.slice(0, 5).join(' ');
    return [what, broken.length === 0 ? `holds (${looked})` : `BROKEN ${broken.length} of ${looked}: ${some}`];
  });
}

/** The report for people. */
export function writeTable(report: ChaosReport): string {
  return [
    `seed ${report.seed}, ${report.seconds} s`,
    section('What was done', [...report.faults].sort()),
    section('How member systems treated requests', [...report.treatments].sort()),
    section('What happened', Object.entries(report.figures)),
    section('What must hold', verdicts(report.invariants)),
  ].join('\n\n');
}

/** The same of a run with a cluster of three nodes. */
export function writeAvailabilityTable({ seed, pauses, figures, invariants }: AvailabilityReport): string {
  const byFault = Map.groupBy(pauses, ({ fault }) => fault);
  const rows = [...byFault].map(([fault, times]): [string, string] => {
    const seconds = times.map((pause) => pause.seconds).sort((a, b) => a - b);
    return [`${fault} (${seconds.length})`, seconds.map((each) => each.toFixed(1)).join(' ')];
  });
  const longest = Math.max(...pauses.map(({ seconds }) => seconds));
  return [
    `seed ${seed}, ${pauses.length} faults`,
    section('Seconds without a confirmed login, after each', [...rows, ['longest', longest.toFixed(1)]]),
    section('What happened', Object.entries(figures)),
    section('What must hold', verdicts(invariants)),
  ].join('\n\n');
}

/** The same of a run in which keys turned over. */
export function writeRotationTable({ seed, seconds, figures, invariants }: RotationReport): string {
  return [
    `seed ${seed}, ${seconds} s`,
    section('What happened', Object.entries(figures)),
    section('What must hold', verdicts(invariants)),
  ].join('\n\n');
}
