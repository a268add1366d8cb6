import type { Chance } from '../random.ts';

/** How a request is treated, and how often. Those that begin with `applied_` make the change first: the sender cannot know. */
const treatments = {
  ok: 60,
  error_500: 7,
  reset: 5,
  hang: 3,
  too_many: 4,
  applied_reset: 6,
  applied_hang: 4,
  applied_drip: 3,
  applied_endless: 3,
  applied_then_cut: 3,
  accepted: 5,
} as const;
export type Treatment = keyof typeof treatments;

/** How member systems feel about requests at the moment. */
export function createTemper(chance: Chance) {
  const counts = new Map<string, number>();
  const dead = new Set<string>();
  let wild = true;
  let requests = 0;
  return {
    /** How often each treatment was chosen. */
    counts,
    requests: () => requests,
    isWild: () => wild,
    isDead: (organization: string) => dead.has(organization),
    /** Chooses how the request that has just come is treated. */
    choose(): Treatment {
      requests += 1;
      const treatment = wild ? chance.weigh(treatments) : 'ok';
      counts.set(treatment, (counts.get(treatment) ?? 0) + 1);
      return treatment;
    },
    /** From now on every request is treated well. */
    calm(): void {
      wild = false;
      dead.clear();
    },
    /** An organisation's member system answers nothing at all, or again. */
    setDead(organization: string, isDead: boolean): void {
      if (isDead) dead.add(organization);
      else dead.delete(organization);
    },
  };
}
