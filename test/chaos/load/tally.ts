/** How often each thing happened. */
export function createTally() {
  const counts = new Map<string, number>();
  return {
    counts: counts as ReadonlyMap<string, number>,
    count(what: string): void {
      counts.set(what, (counts.get(what) ?? 0) + 1);
    },
  };
}

/** As rows of a report. @param what stands before each reason */
export function asFigures(what: string, counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].map(([reason, count]) => [`${what}: ${reason}`, count]));
}
