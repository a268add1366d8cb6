/** One number for one member, under its idempotency key. */
export interface Change {
  readonly key: string;
  /** Organisation and external id. */
  readonly member: string;
  /** Null: removed. */
  readonly value: string | null;
}

/** What member systems hold, and what has been done to it. */
export function createHoldings() {
  const values = new Map<string, string | null>();
  const payloads = new Map<string, string>();
  /** Taken in and not carried out yet, by key, in the order in which it came. */
  const accepted = new Map<string, { asked: number; readonly change: Change }>();
  const effects = new Map<string, number>();
  const mixedUp: string[] = [];

  /** Makes a change once per key, as every member system must that takes idempotency keys. */
  function apply({ key, member, value }: Change): void {
    const payload = JSON.stringify([member, value]);
    const before = payloads.get(key);
    if (before !== undefined) {
      if (before !== payload) mixedUp.push(key);
      return;
    }
    payloads.set(key, payload);
    effects.set(key, (effects.get(key) ?? 0) + 1);
    values.set(member, value);
  }

  return {
    /** Changes made for a key. */
    effects,
    /** Keys that came again with another value or member. */
    mixedUp,
    apply,
    valueOf: (member: string) => values.get(member),
    /** Takes a change in, to be carried out later. */
    accept(change: Change): void {
      if (!payloads.has(change.key)) accepted.set(change.key, { asked: 0, change });
    },
    /** Whose change waits under this key, and how often it has been asked for, this time included. */
    askAfter(key: string): { member: string; asked: number } | undefined {
      const waiting = accepted.get(key);
      if (waiting === undefined) return undefined;
      waiting.asked += 1;
      return { member: waiting.change.member, asked: waiting.asked };
    },
    /** What was taken in is carried out in the order in which it came. */
    carryOut(member: string): void {
      for (const [key, { change }] of accepted) {
        if (change.member !== member) continue;
        apply(change);
        accepted.delete(key);
      }
    },
  };
}
