import { z } from 'zod';
import type { LedgerErasure, LedgerLine } from '../../runtime/erasure-ledger.ts';
import { type ExportedMember, exportedMember, unrecordedErasure } from '../database-rows.ts';
import type { Call } from './call.ts';

/** What members may ask for, and the ledger of erasures. */
export interface RightsCalls {
  /** @returns which of these erasures the database does not know; beside each stands its organisation (slug) */
  missingErasures(erasureIds: string[], organizations: string[]): Promise<string[]>;
  /** @returns `replayed`, `known`, `organization_unknown` or `other_organization` */
  replayErasure(erasureId: string, organization: string, records: LedgerLine['records']): Promise<string>;
  /** @returns erasures that were carried out, and are none of these */
  unrecordedErasures(erasureIds: string[]): Promise<LedgerErasure[]>;
  /** @returns null for an unknown member */
  exportMember(organization: string, externalId: string): Promise<ExportedMember | null>;
}

export function createRightsCalls(call: Call): RightsCalls {
  const id = z.object({ id: z.string() });
  return {
    async missingErasures(erasureIds, organizations) {
      const text =
        'select unnest(worker.missing_erasures(erasure_ids => $1::uuid[], organizations => $2::text[])) as id';
      return (await call(id, text, [erasureIds, organizations])).map((row) => row.id);
    },
    async replayErasure(erasureId, organization, records) {
      const text = 'select worker.replay_erasure(erasure_id => $1, organization => $2, records => $3::jsonb) as became';
      const rows = await call(z.object({ became: z.string() }), text, [
        erasureId,
        organization,
        JSON.stringify(records),
      ]);
      return rows[0]?.became ?? '';
    },
    async unrecordedErasures(erasureIds) {
      return call(unrecordedErasure, 'select * from worker.unrecorded_erasures(erasure_ids => $1::uuid[])', [
        erasureIds,
      ]);
    },
    async exportMember(organization, externalId) {
      const text = 'select * from worker.export_member(organization => $1, external_id => $2)';
      return (await call(exportedMember, text, [organization, externalId]))[0] ?? null;
    },
  };
}
