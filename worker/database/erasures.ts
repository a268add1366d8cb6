import { z } from 'zod';
import { type AnnouncedErasure, announcedErasure, type Erasure, erasure } from '../database-rows.ts';
import type { Call } from './call.ts';

/** Erasing persons. */
export interface ErasureCalls {
  /** Announces that the person is to be erased, where nothing stands against it. */
  announceErasure(organization: string, externalId: string, reason: string): Promise<AnnouncedErasure>;
  /** @returns null for an unknown one */
  readErasure(erasureId: string): Promise<Erasure | null>;
  finishErasure(erasureId: string, recorded: boolean): Promise<void>;
  /** @param receipt a compact JWS. A second one is not stored */
  storeReceipt(erasureId: string, receipt: string): Promise<void>;
  /** @returns null when it was given out before, or is not there */
  takeReceipt(erasureId: string): Promise<string | null>;
}

const announceErasure = `select erasure_id, refused_as
  from worker.announce_erasure(organization => $1::text, external_id => $2::text, reason => $3::text)`;
const finishErasure = 'select worker.finish_erasure(erasure_id => $1::uuid, recorded => $2::boolean)';
const storeReceipt = 'select worker.store_receipt(erasure_id => $1::uuid, receipt => $2::text)';
const takeReceipt = 'select worker.take_receipt(erasure_id => $1::uuid) as receipt';

export function createErasureCalls(call: Call): ErasureCalls {
  return {
    announceErasure: async (...values) =>
      (await call(announcedErasure, announceErasure, values))[0] ?? { erasure_id: null, refused_as: 'not_found' },
    readErasure: async (id) =>
      (await call(erasure, 'select * from worker.read_erasure(erasure_id => $1::uuid)', [id]))[0] ?? null,
    async finishErasure(id, recorded) {
      await call(z.unknown(), finishErasure, [id, recorded]);
    },
    async storeReceipt(id, receipt) {
      await call(z.unknown(), storeReceipt, [id, receipt]);
    },
    takeReceipt: async (id) =>
      (await call(z.object({ receipt: z.string().nullable() }), takeReceipt, [id]))[0]?.receipt ?? null,
  };
}
