/** Counts below this may point at somebody. */
export const smallest = 5;

/**
 * Figures for others than the organisation: a count below five is not told, and where only one is not told in its table, the next smallest is not
 * told either, because the sum would tell it.
 */
export function hideSmall<Row extends { counted: number }>(rows: readonly Row[]): (Row & { hidden: boolean })[] {
  const bySize = rows.filter(({ counted }) => counted > 0).sort((a, b) => a.counted - b.counted);
  const small = bySize.filter(({ counted }) => counted < smallest);
  const hidden = new Set(small.length === 1 ? bySize.slice(0, 2) : small);
  return rows.map((row) => ({ ...row, hidden: hidden.has(row) }));
}
