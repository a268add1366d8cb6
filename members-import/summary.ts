import type { Arguments } from './arguments.ts';
import type { Counts } from './import-database.ts';
import type { FileSurvey } from './member-records.ts';

export type Summary = Counts & {
  /** Members that the file does not have; null where it was not looked for them. */
  absent: number | null;
  survey: Pick<FileSurvey, 'nothing' | 'repeatedHeaders'>;
  seconds: number;
};

/** What an import did, in lines for the terminal: rows are added, changed, unchanged or rejected, and the sum is the file's. */
export function describeSummary(summary: Summary, options: Arguments): string[] {
  const { added, updated, unchanged, duplicates, conflicts, rejected, absent, survey, seconds } = summary;
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
  if (survey.nothing > 0) {
    const says = survey.nothing === 1 ? 'says' : 'say';
    lines.push(`  ${plural(survey.nothing, 'field')} that ${says} NULL or the like taken as empty`);
  }
  if (survey.repeatedHeaders.length > 0)
    lines.push(`  the header stands again on ${linesOf(survey.repeatedHeaders)}, not imported`);
  if (absent) {
    const members = `${plural(absent, 'member')} ${absent === 1 ? 'is' : 'are'}`;
    lines.push(`  ${members} not in the file; nothing was deleted, see ${options.absentFile}`);
  }
  return lines;
}

/** `line 5`, `lines 5, 7`; the first ones of many */
function linesOf(lines: number[]): string {
  const shown = lines.slice(0, 10).join(', ');
  return `line${lines.length === 1 ? '' : 's'} ${shown}${lines.length > 10 ? ` and ${lines.length - 10} more` : ''}`;
}

/** `1 row`, `2 rows` */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
