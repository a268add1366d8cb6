import type { InvoiceRow } from './invoices.ts';
import type { DemoRow } from './run-demo.ts';

type Columns<Row> = readonly [title: string, read: (row: Row) => string][];

export const loginColumns: Columns<DemoRow> = [
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

export const invoiceColumns: Columns<InvoiceRow> = [
  ['', ({ asExpected }) => (asExpected ? 'ok' : 'DIFFERENT')],
  ['organisation', ({ organization }) => organization],
  ['invoice', ({ invoice }) => invoice],
  ['member', ({ member }) => member],
  ['seen', ({ state }) => state],
  ['looked up by', ({ lookedUpBy }) => lookedUpBy],
  ['at the service', ({ taken }) => (taken ? 'taken' : '-')],
  ['audit', ({ audit }) => audit],
];

/** The rows as a table for a terminal; the last column is as long as it is. */
export function formatTable<Row>(columns: Columns<Row>, rows: readonly Row[]): string {
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
