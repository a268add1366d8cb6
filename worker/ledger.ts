import type { Deployment } from '../runtime/deployment.ts';
import { type LedgerErasure, LedgerError, type LedgerSetting, openErasureLedger } from '../runtime/erasure-ledger.ts';
import { Failure } from './failure.ts';

/** The ledger as tasks use it: what goes wrong with it is a Failure, and the erasure waits for the next try. Null: none is kept. */
export function createTaskLedger(setting: LedgerSetting | null, deployment: Deployment) {
  if (setting === null) return null;
  const ledger = openErasureLedger(setting, deployment);
  return {
    async record(erasure: LedgerErasure): Promise<void> {
      try {
        await ledger.record(erasure);
      } catch (error) {
        if (!(error instanceof LedgerError) || error.code === 'erasure_missing') throw error;
        throw new Failure(error.code, { cause: error });
      }
    },
  };
}
