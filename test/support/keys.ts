import { createKeys, type LocalKeys } from '../../local/keys.ts';
import { createIndexer, type Indexer } from '../../personnummer/blind-index.ts';
import { parsePrivateKeys, parsePublicKeys, parseSecrets } from '../../personnummer/keys.ts';
import { createSealer, type Sealer } from '../../personnummer/seal.ts';
import { createUnsealer, type Unsealer } from '../../personnummer/unseal.ts';

export type TestKeys = {
  /** As environment variables of the two programs. */
  environment: LocalKeys;
  sealer: Sealer;
  unsealer: Unsealer;
  indexer: Indexer;
};

let keys: TestKeys | undefined;

/** One set of keys per test process, made anew in each. */
export function testKeys(): TestKeys {
  keys ??= assemble(createKeys());
  return keys;
}

function assemble(environment: LocalKeys): TestKeys {
  return {
    environment,
    sealer: createSealer(parsePublicKeys(environment.PERSONNUMMER_SEALING_KEYS).keys),
    unsealer: createUnsealer(parsePrivateKeys(environment.PERSONNUMMER_UNSEALING_KEYS).keys),
    indexer: createIndexer(parseSecrets(environment.PERSONNUMMER_INDEX_SECRETS).secrets),
  };
}
