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
  /** Parts that were measured again after the run, the newest last. */
  again?: { part: string; takenAt: string; commit: string }[];
};

/** A run of one part, put in the place of what the report says of it. */
export function withPart(report: Result, part: string, { rows, series, takenAt, machine }: Result): Result {
  const renew = <Each extends { id: string }>(old: Each[], measured: Each[]) =>
    old.map((each) => measured.find(({ id }) => id === each.id) ?? each);
  const before = (report.again ?? []).filter((each) => each.part !== part);
  return {
    ...report,
    rows: renew(report.rows, rows),
    series: renew(report.series, series),
    again: [...before, { part, takenAt, commit: machine.commit }],
  };
}
