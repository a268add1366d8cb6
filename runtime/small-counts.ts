/** Counts below this may point at somebody. */
export const smallest = 5;

type Counted = { counted: number };
type Shown<Row> = Row & { hidden: boolean };

/**
 * Figures for others than the organisation: a count below five is not told, and where only one is not told in its table, the next smallest is not
 * told either, because the sum would tell it.
 */
export function hideSmall<Row extends Counted>(rows: readonly Row[]): Shown<Row>[] {
  const bySize = rows.filter(({ counted }) => counted > 0).sort((a, b) => a.counted - b.counted);
  const small = bySize.filter(({ counted }) => isSmall(counted));
  const hidden = new Set(small.length === 1 ? bySize.slice(0, 2) : small);
  return rows.map((row) => ({ ...row, hidden: hidden.has(row) }));
}

/**
 * Counties, and their municipalities. A county is the sum of its municipalities, so each county is looked at by itself, and of one that is not told
 * no municipality is.
 */
export function hideSmallPlaces<Row extends Counted & { key: string }>(
  counties: readonly Row[],
  municipalities: readonly Row[],
): { counties: Shown<Row>[]; municipalities: Shown<Row>[] } {
  const shown = hideSmall(counties);
  const hiddenCounties = new Set(shown.filter(({ hidden }) => hidden).map(({ key }) => key));
  const byCounty = Map.groupBy(municipalities, ({ key }) => key.slice(0, 2));
  const hidden = new Set<string>();
  for (const [county, rows] of byCounty)
    for (const row of hideSmall(rows)) if (row.hidden || hiddenCounties.has(county)) hidden.add(row.key);
  return { counties: shown, municipalities: municipalities.map((row) => ({ ...row, hidden: hidden.has(row.key) })) };
}

/**
 * The figures of one dimension, for others than the organisation: small ones are not told, nor what they could be worked out from.
 *
 * @param figures of all dimensions
 */
export function hideSmallFigures<Row extends Counted & { dimension: string; key: string }>(
  figures: readonly Row[],
  dimension: Row['dimension'],
): Shown<Row>[] {
  const of = (wanted: string) => figures.filter((figure) => figure.dimension === wanted);
  if (dimension !== 'county' && dimension !== 'municipality') return hideSmall(of(dimension));
  const { counties, municipalities } = hideSmallPlaces(of('county'), of('municipality'));
  return dimension === 'county' ? counties : municipalities;
}

/** Whether a total, or what is left of it, is so small that it is not told. */
export const isSmall = (counted: number): boolean => counted > 0 && counted < smallest;
