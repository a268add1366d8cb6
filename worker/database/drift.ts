import { z } from 'zod';
import { type DriftReport, type DriftRow, driftRow, type MemberSystemRow, memberSystemRow } from '../database-rows.ts';
import type { Call } from './call.ts';

/** Comparing records with member systems. */
export interface DriftCalls {
  readableOrganizations(): Promise<{ organization: string }[]>;
  driftPage(organization: string, after: string | null, most: number): Promise<DriftRow[]>;
  /** @returns whether a case was opened or closed */
  reportDrift(report: DriftReport): Promise<boolean>;
  /** @returns null for an unknown organisation */
  memberSystem(slug: string): Promise<MemberSystemRow | null>;
}

const driftPage = 'select * from worker.drift_page(organization => $1::text, after => $2::uuid, most => $3::int)';
const reportDrift = `select worker.report_drift(member_id => $1::uuid, recorded_index => $2::text, verdict => $3::text,
  live_indexes => $4::text[], live_masked => $5::text, as_sent => $6::boolean) as news`;
const memberSystem = 'select * from worker.member_system(organization => $1::text)';

export function createDriftCalls(call: Call): DriftCalls {
  return {
    readableOrganizations: () =>
      call(z.object({ organization: z.string() }), 'select organization from worker.readable_organizations()'),
    driftPage: (organization, after, most) => call(driftRow, driftPage, [organization, after, most]),
    async reportDrift({ member_id, recorded_index, found, live_indexes, live_masked, as_sent }) {
      const values = [member_id, recorded_index, found, live_indexes, live_masked, as_sent];
      return (await call(z.object({ news: z.boolean().nullable() }), reportDrift, values))[0]?.news ?? false;
    },
    memberSystem: async (slug) => (await call(memberSystemRow, memberSystem, [slug]))[0] ?? null,
  };
}
