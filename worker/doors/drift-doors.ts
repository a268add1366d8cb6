import type { Call } from './call.ts';
import type { DriftReport, DriftRow } from './rows.ts';

/** Comparing records with member systems, and looking at one member system. */
export interface DriftDoors {
  readableOrganizations(): Promise<{ organization: string }[]>;
  driftPage(organization: string, after: string | null, most: number): Promise<DriftRow[]>;
  /** @returns whether a case was opened or closed */
  reportDrift(report: DriftReport): Promise<boolean>;
  /** @returns the organisation's id and its row as JSON (null: it has none); null for an unknown organisation */
  memberSystem(slug: string): Promise<{ organization_id: string; member_system: unknown } | null>;
}

const driftPage = 'select * from worker.drift_page(organization => $1::text, after => $2::uuid, most => $3::int)';
const reportDrift = `select worker.report_drift(member_id => $1::uuid, recorded_index => $2::text, verdict => $3::text,
  live_indexes => $4::text[], live_masked => $5::text, as_sent => $6::boolean) as news`;
const memberSystem = 'select * from worker.member_system(organization => $1::text)';

export function createDriftDoors(call: Call): DriftDoors {
  return {
    readableOrganizations: () => call('select organization from worker.readable_organizations()'),
    driftPage: (organization, after, most) => call(driftPage, [organization, after, most]),
    async reportDrift({ member_id, recorded_index, found, live_indexes, live_masked, as_sent }) {
      const values = [member_id, recorded_index, found, live_indexes, live_masked, as_sent];
      return (await call<{ news: boolean }>(reportDrift, values))[0]?.news ?? false;
    },
    async memberSystem(slug) {
      return (await call<{ organization_id: string; member_system: unknown }>(memberSystem, [slug]))[0] ?? null;
    },
  };
}
