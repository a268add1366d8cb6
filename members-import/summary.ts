import type { Arguments } from './arguments.ts';
import type { Counts } from './doors.ts';

export type Summary = Counts & {
  /** Members that the file does not have; null where it was not looked for them. */
  absent: number | null;
  seconds: number;
};

/** What an import did, in lines for the terminal: rows are added, changed, unchanged or rejected, and the sum is the file's. */
export function describeSummary(summary: Summary, options: Arguments): string[] {
  const { added, updated, unchanged, duplicates, conflicts, rejected, absent, seconds } = summary;
  // A row that is listed and was imported all the same was imported without its number.
  const withoutNumber = added + updated + unchanged + rejected - summary.records_done;
  const see = rejected > 0 ? `  see ${options.rejectedFile}` : '';
  const lines = [
    `${plural(summary.records_done, 'row')} in ${seconds.toFixed(1)} s${options.dryRun ? '; this is what an import would do:' : '.'}`,
    `  added      ${added}`,
    `  changed    ${updated}`,
    `  unchanged  ${unchanged}`,
    `  rejected   ${rejected - withoutNumber}${see}`,
  ];
  if (withoutNumber > 0) lines.push(`  numbers left out because they are unusable: ${withoutNumber}${see}`);
  if (duplicates > 0) lines.push(`  numbers not written because another member has them: ${duplicates}`);
  if (conflicts > 0)
    lines.push(`  numbers not written because a login or a coordinator brought another one: ${conflicts}`);
  if (absent) {
    const members = `${plural(absent, 'member')} ${absent === 1 ? 'is' : 'are'}`;
    lines.push(`  ${members} not in the file; nothing was deleted, see ${options.absentFile}`);
  }
  return lines;
}

/** `1 row`, `2 rows` */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
