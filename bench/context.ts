import type { BenchCluster } from './cluster.ts';

/** How much is measured. */
export type Size = {
  name: 'quick' | 'full';
  rounds: number;
  roundSeconds: number;
  warmUpSeconds: number;
  /** Members in the tables that grow, from small to large; the import adds its rows to the last. */
  members: number[];
  /** Observations already stored. */
  observations: number[];
  openCases: number[];
  /** What the lists of coordinators are read among, besides members and open cases. */
  listed: { events: number; unlinked: number; settled: number; pushes: number };
  organizations: number[];
  importRows: number;
  /** Members of a register that is counted for a grant. */
  grantMembers: number;
  pushes: number;
  invoices: number;
  /** Pushes that failed for good, and as many that wait for later. */
  backlog: number;
};

export type Context = {
  cluster: BenchCluster;
  size: Size;
  say(line: string): void;
};

export const quick: Size = {
  name: 'quick',
  rounds: 3,
  roundSeconds: 0.6,
  warmUpSeconds: 0.4,
  members: [1_000, 5_000],
  observations: [0, 100_000],
  openCases: [0, 5_000],
  listed: { events: 20_000, unlinked: 1_000, settled: 1_000, pushes: 2_000 },
  organizations: [3, 30],
  importRows: 10_000,
  grantMembers: 20_000,
  pushes: 500,
  invoices: 500,
  backlog: 5_000,
};

export const full: Size = {
  name: 'full',
  rounds: 4,
  roundSeconds: 2.5,
  warmUpSeconds: 2,
  members: [1_000, 100_000],
  observations: [0, 500_000, 5_000_000],
  openCases: [0, 100_000],
  listed: { events: 2_000_000, unlinked: 100_000, settled: 100_000, pushes: 200_000 },
  organizations: [3, 300],
  importRows: 1_000_000,
  grantMembers: 1_000_000,
  pushes: 3_000,
  invoices: 3_000,
  backlog: 100_000,
};
