import type { Task } from 'graphile-worker';
import type { Logger } from '../../runtime/logger.ts';
import { carryOutErasure, type ErasureOptions } from '../erasures.ts';
import { readErasurePayload } from '../payloads.ts';

/** What the task needs. */
export interface CarryOutErasureOptions {
  readonly erasing: ErasureOptions;
  readonly log: Logger;
}

/** Creates the task `carry_out_erasure`: a person who is to be erased is written into the ledger, erased, and gets a receipt. */
export function createCarryOutErasure({ erasing, log }: CarryOutErasureOptions): Task {
  return async (payload) => {
    const { erasure_id: erasureId } = readErasurePayload(payload);
    const { removal } = await carryOutErasure(erasureId, erasing);
    log.info({ erasureId, removal }, 'person erased');
  };
}
