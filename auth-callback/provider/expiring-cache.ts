export interface ExpiringCacheOptions<Source, Value> {
  load: (source: Source) => Promise<Value>;
  /** Hears of a refresh that failed while the value at hand still serves. */
  onRefreshFailure: (error: unknown) => void;
  /** Milliseconds, all of them. */
  refreshAfter: number;
  useFor: number;
  retryAfter: number;
  /** Entries kept; the oldest make room. */
  most: number;
  /** Milliseconds, of a clock that never goes back. */
  now: () => number;
}

interface Entry<Value> {
  value: Promise<Value>;
  refreshAt: number;
  useUntil: number;
}

const refreshRetry = 60_000;

/**
 * Values that are loaded once for any number of callers at the same time, refreshed behind their backs, and used past
 * their time while they cannot be loaded. A failure is remembered for a moment, which spares whoever is down.
 */
export function createExpiringCache<Source, Value>(options: ExpiringCacheOptions<Source, Value>) {
  const { load, now } = options;
  const entries = new Map<string, Entry<Value>>();

  function begin(key: string, source: Source): Promise<Value> {
    const value = load(source);
    const entry = { value, refreshAt: now() + options.refreshAfter, useUntil: now() + options.useFor };
    entries.delete(key);
    entries.set(key, entry);
    for (const oldest of entries.keys()) {
      if (entries.size <= options.most) break;
      entries.delete(oldest);
    }
    value.catch(() => {
      // The callers get the error.
      entry.refreshAt = now() + options.retryAfter;
      entry.useUntil = entry.refreshAt;
    });
    return value;
  }

  function refresh(entry: Entry<Value>, source: Source): void {
    entry.refreshAt = now() + refreshRetry;
    load(source).then((value) => {
      entry.value = Promise.resolve(value);
      entry.refreshAt = now() + options.refreshAfter;
      entry.useUntil = now() + options.useFor;
    }, options.onRefreshFailure);
  }

  return {
    /** @param source what the value is loaded from; the key must tell different ones apart */
    get(key: string, source: Source): Promise<Value> {
      const entry = entries.get(key);
      if (entry === undefined || entry.useUntil <= now()) return begin(key, source);
      if (entry.refreshAt <= now()) refresh(entry, source);
      return entry.value;
    },
  };
}
