/** Chance that can be repeated: the same seed makes the same choices. What happens between processes stays as it falls. */
export interface Chance {
  /** From 0 up to 1. */
  next(): number;
  between(low: number, high: number): number;
  pick<T>(from: readonly T[]): T;
  /** The same things in another order. */
  shuffle<T>(from: readonly T[]): T[];
  /** Picks by weight. */
  weigh<T extends string>(weights: Readonly<Record<T, number>>): T;
}

/** @param seed a whole number (mulberry32, public domain) */
export function createChance(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    between: (low, high) => low + next() * (high - low),
    pick: <T>(from: readonly T[]) => from[Math.floor(next() * from.length)] as T,
    shuffle<T>(from: readonly T[]) {
      const keyed = from.map((thing) => ({ thing, key: next() }));
      return keyed.sort((one, other) => one.key - other.key).map(({ thing }) => thing);
    },
    weigh<T extends string>(weights: Readonly<Record<T, number>>) {
      const entries = Object.entries(weights) as [T, number][];
      let at = next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [name, weight] of entries) {
        at -= weight;
        if (at < 0) return name;
      }
      return (entries.at(-1) as [T, number])[0];
    },
  };
}
