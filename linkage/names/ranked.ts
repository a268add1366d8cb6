import type { Chance } from '../../test/chaos/random.ts';

/** Names with how often each comes, added up. */
export type Ranked = { names: readonly string[]; upTo: Float64Array };

/** The most frequent name first; the one on rank r comes in proportion to 1 / (r + flatness). */
export function rank(names: readonly string[], flatness: number): Ranked {
  const upTo = new Float64Array(names.length);
  let sum = 0;
  for (let at = 0; at < names.length; at += 1) {
    sum += 1 / (at + 1 + flatness);
    upTo[at] = sum;
  }
  return { names, upTo };
}

export function draw({ names, upTo }: Ranked, chance: Chance): string {
  const wanted = chance.next() * (upTo.at(-1) ?? 0);
  let [low, high] = [0, upTo.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((upTo[middle] as number) > wanted) high = middle;
    else low = middle + 1;
  }
  return names[low] as string;
}

/** How often two people drawn by chance have the same name. */
export function shareOfAlike({ upTo }: Ranked): number {
  const sum = upTo.at(-1) as number;
  return upTo.reduce((total, value, at) => total + ((value - (upTo[at - 1] ?? 0)) / sum) ** 2, 0);
}
