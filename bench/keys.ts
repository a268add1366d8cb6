import { createKeys } from '../local/keys.ts';
import { createIndexer, type Indexer } from '../personnummer/blind-index.ts';
import { parsePublicKeys, parseSecrets } from '../personnummer/keys.ts';
import { createSealer, type Sealer } from '../personnummer/seal.ts';

export type BenchKeys = {
  /** Texts of the variables. */
  sealing: string;
  unsealing: string;
  index: string;
  accessTokens: string;
  transactions: string;
  audit: string;
  sealer: Sealer;
  indexer: Indexer;
};

/** Keys of one run. */
export function createBenchKeys(): BenchKeys {
  const keys = createKeys();
  return {
    sealing: keys.PERSONNUMMER_SEALING_KEYS,
    unsealing: keys.PERSONNUMMER_UNSEALING_KEYS,
    index: keys.PERSONNUMMER_INDEX_SECRETS,
    accessTokens: keys.ACCESS_TOKEN_KEYS,
    transactions: keys.TRANSACTION_SECRETS,
    audit: keys.AUDIT_SEALING_KEY,
    sealer: createSealer(parsePublicKeys(keys.PERSONNUMMER_SEALING_KEYS).keys),
    indexer: createIndexer(parseSecrets(keys.PERSONNUMMER_INDEX_SECRETS).secrets),
  };
}
