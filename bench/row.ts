import type { ComparedSide, Comparison } from './compare.ts';
import type { Spread } from './statistics.ts';

/** One row of the bars, measured. */
export type Row = {
  id: string;
  what: string;
  /** What `value` is measured in: `ratio`, `ms`, `s`, `MB`. */
  unit: string;
  value: Spread;
  bar: { at: 'least' | 'most'; value: number } | null;
  met: boolean | null;
  /** The figures behind it, for the table below the bars. */
  sides: { name: string; unit: string; figure: Spread; limits?: ComparedSide['limits'] }[];
  /** What one has to know to read it. */
  note: string;
};

/** A row from a comparison of operations a second. */
export function toRow(
  comparison: Comparison,
  row: Pick<Row, 'id' | 'what' | 'bar' | 'note'> & { unit?: string; sideUnit?: string },
): Row {
  const { ours, baseline, peers, ratio } = comparison;
  const unit = row.sideUnit ?? '/s';
  return finish({
    ...row,
    unit: row.unit ?? 'ratio',
    value: ratio,
    sides: [baseline, ours, ...peers].map(({ name, figure, limits }) => ({ name, unit, figure, limits })),
  });
}

/** Judges a row against its bar. */
export function finish(row: Omit<Row, 'met'>): Row {
  const { bar, value } = row;
  const met = bar === null ? null : bar.at === 'least' ? value.median >= bar.value : value.median <= bar.value;
  return { ...row, met };
}
