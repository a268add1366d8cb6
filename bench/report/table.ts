import type { Row } from '../row.ts';
import { formatBar, formatSpread } from './format.ts';

/** The bars as a table for a terminal: median, and lowest and highest round. */
export function printTable(rows: Row[], say: (line: string) => void): void {
  for (const row of rows) {
    const verdict = row.met === null ? ' ' : row.met ? 'met' : 'NOT';
    say(
      `${verdict.padEnd(4)} ${formatSpread(row.value, row.unit).padEnd(26)} ${formatBar(row).padEnd(10)} ${row.what}`,
    );
    for (const { name, unit, figure } of row.sides) say(`       ${formatSpread(figure, unit).padEnd(36)} ${name}`);
  }
}
