export interface RateLimit {
  /** @returns 0 when the request may go on, else the seconds after which the next one may */
  take(address: string): number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** Addresses remembered at once: bounded, so that nobody can fill the memory by coming from many. */
const mostAddresses = 50_000;

/**
 * Token buckets per address: a burst of one minute's worth, then an even flow.
 *
 * @param perMinute requests a minute
 * @param now milliseconds, of a clock that never goes back
 */
export function createRateLimit(perMinute: number, now: () => number = () => performance.now()): RateLimit {
  const buckets = new Map<string, Bucket>();
  const perMillisecond = perMinute / 60_000;
  return {
    take(address) {
      const at = now();
      const before = buckets.get(address) ?? { tokens: perMinute, at };
      const tokens = Math.min(perMinute, before.tokens + (at - before.at) * perMillisecond);
      // Taken out and put back, so that the map's order is that of last use and the idlest goes first.
      buckets.delete(address);
      buckets.set(address, { tokens: tokens >= 1 ? tokens - 1 : tokens, at });
      if (buckets.size > mostAddresses) buckets.delete(buckets.keys().next().value ?? '');
      return tokens >= 1 ? 0 : Math.max(1, Math.ceil((1 - tokens) / perMillisecond / 1000));
    },
  };
}
