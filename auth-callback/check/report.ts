/** What a check of one provider's row has found. */
export interface CheckReport {
  /** `[what, value]`: what will be asked and sent. Never a secret. */
  facts: [string, string][];
  /** What keeps logins from working, or the number from arriving. */
  faults: string[];
  /** What is worth knowing and no fault. */
  notes: string[];
}

/** Lines for a terminal. */
export function formatReport({ facts, faults, notes }: CheckReport): string {
  const width = Math.max(...facts.map(([name]) => name.length), 0);
  const lines = facts.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
  const list = (title: string, items: string[]) =>
    items.length === 0 ? [] : ['', title, ...items.map((item) => `  - ${item}`)];
  const verdict = faults.length === 0 ? 'no faults' : `${faults.length} ${faults.length === 1 ? 'fault' : 'faults'}`;
  return [...lines, ...list('Worth knowing', notes), ...list('Faults', faults), '', verdict].join('\n');
}
