import type { DemoRow } from './run-demo.ts';

const columns: [title: string, read: (row: DemoRow) => string][] = [
  ['', ({ asExpected }) => (asExpected ? 'ok' : 'DIFFERENT')],
  ['person', ({ person }) => person],
  ['organisation', ({ organization }) => organization],
  ['provider', ({ provider }) => provider],
  ['expected', ({ expected }) => expected],
  ['seen', ({ seen }) => seen],
  ['ms', ({ milliseconds }) => String(milliseconds)],
  ['app', ({ app }) => app],
  ['member system', ({ memberSystem }) => memberSystem],
  ['audit', ({ audit }) => audit],
];

/** The rows as a table for a terminal; the last column is as long as it is. */
export function formatTable(rows: readonly DemoRow[]): string {
  const cells = [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, read]) => read(row)))];
  const widths = columns.map((_, at) => Math.max(...cells.map((line) => line[at]?.length ?? 0)));
  return cells
    .map((line) =>
      line
        .map((text, at) => text.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
