import type { Machine } from '../machine.ts';
import type { Row } from '../row.ts';
import type { Series } from '../rows/growth.ts';

/** What `bench/results.json` holds. */
export type Result = {
  takenAt: string;
  size: 'quick' | 'full';
  seconds: number;
  machine: Machine;
  settings: Record<string, string>;
  rows: Row[];
  series: Series[];
};
