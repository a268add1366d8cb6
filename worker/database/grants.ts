import { z } from 'zod';
import { type GrantReport, type GrantRow, grantReport, grantRow } from '../database-rows.ts';
import type { Call } from './call.ts';

/** Grant reports. */
export interface GrantCalls {
  /** Counts what a coordinator asked for. @returns false where that is done already, or gave way to another count */
  countGrant(snapshotId: string): Promise<boolean>;
  /** @returns the draft, or the code of the refusal */
  makeGrantSnapshot(asked: {
    organization: string;
    baseYear: number;
    rule: string;
    corrects: string | null;
  }): Promise<GrantReport | string>;
  /** @returns `not_found` where the organisation has no such snapshot */
  grantReport(organization: string, snapshotId: string): Promise<GrantReport | string>;
  /** Rows of a list, or, for `sample`, members drawn by the seed. */
  grantRows(
    report: Pick<GrantReport, 'organization' | 'snapshot_id'>,
    list: {
      what: 'counted' | 'not_counted' | 'duplicates' | 'places' | 'sample';
      after: number;
      most: number;
      seed: string;
    },
  ): Promise<GrantRow[]>;
}

const countGrant = 'select worker.count_grant(snapshot_id => $1::uuid) as counted';
const makeGrantSnapshot =
  'select * from worker.make_grant_snapshot(organization => $1, base_year => $2, rule => $3, corrects => $4)';

/** A million members take minutes to count. */
const counting = { timeoutMs: 900_000 };

export function createGrantCalls(call: Call): GrantCalls {
  return {
    async countGrant(snapshotId) {
      const [begun] = await call(
        z.object({ waits: z.boolean() }),
        'select worker.begin_grant_count(snapshot_id => $1::uuid) as waits',
        [snapshotId],
      );
      if (begun?.waits !== true) return false;
      const [ended] = await call(z.object({ counted: z.boolean() }), countGrant, [snapshotId], counting);
      return ended?.counted === true;
    },
    async makeGrantSnapshot({ organization, baseYear, rule, corrects }) {
      const answer = z.object({ report: grantReport.nullable(), refused_as: z.string().nullable() });
      const [made] = await call(answer, makeGrantSnapshot, [organization, baseYear, rule, corrects], counting);
      return made?.report ?? made?.refused_as ?? 'not_found';
    },
    async grantReport(organization, snapshotId) {
      const text = 'select worker.grant_report(organization => $1, snapshot_id => $2) as report';
      const [found] = await call(z.object({ report: grantReport.nullable() }), text, [organization, snapshotId]);
      return found?.report ?? 'not_found';
    },
    async grantRows({ organization, snapshot_id }, { what, after, most, seed }) {
      const text =
        'select worker.grant_rows(organization => $1, snapshot_id => $2, what => $3, after => $4, most => $5, seed => $6) as rows';
      const answer = z.object({ rows: z.array(grantRow).nullable() });
      const [found] = await call(answer, text, [organization, snapshot_id, what, after, most, seed]);
      return found?.rows ?? [];
    },
  };
}
