/** A figure of several rounds. */
export type Spread = { median: number; min: number; max: number; rounds: number[] };

/** @param rounds at least one */
export function spreadOf(rounds: number[]): Spread {
  return { median: quantile(rounds, 0.5), min: Math.min(...rounds), max: Math.max(...rounds), rounds };
}

/** @param share 0.5 is the median, 0.95 the 95th percentile; between two values it interpolates */
export function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const [low, high] = [sorted[Math.floor(at)] ?? Number.NaN, sorted[Math.ceil(at)] ?? Number.NaN];
  return low + (high - low) * (at - Math.floor(at));
}
