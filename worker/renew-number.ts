import type { Indexer } from '../personnummer/blind-index.ts';
import type { Jwk } from '../personnummer/keys.ts';
import { createSealer } from '../personnummer/seal.ts';
import type { NumberToRenew, Renewal } from './database-rows.ts';
import { Failure } from './failure.ts';
import { type OpenNumberOptions, openNumber } from './sealed-numbers.ts';

/** The keys that a number should have; null: whichever it has. */
export interface WantedKeys {
  readonly indexVersion: string | null;
  readonly sealingKid: string | null;
}

/**
 * @returns what makes one number anew under these keys
 * @throws Failure `index_secret_unknown` or `sealing_key_unknown` where this worker does not have them
 */
export type Renew = (keys: WantedKeys) => (row: NumberToRenew) => Promise<Renewal>;

/** @param unsealingKeys private keys; a number is sealed with the public half of one of them */
export function createRenew(numbers: OpenNumberOptions & { readonly indexer: Indexer }, unsealingKeys: Jwk[]): Renew {
  return ({ indexVersion, sealingKid }) => {
    if (indexVersion !== null && !numbers.indexVersions.has(indexVersion)) throw new Failure('index_secret_unknown');
    const key = unsealingKeys.find(({ kid }) => kid === sealingKid);
    if (sealingKid !== null && key === undefined) throw new Failure('sealing_key_unknown');
    const sealer = key === undefined ? undefined : createSealer([publicHalf(key)]);
    return async (row) => {
      const { personnummer_index: old_index, personnummer_sealed: sealed } = row;
      const personnummer = await openNumber(row, numbers);
      if (personnummer === null || old_index === null || sealed === null) throw new Failure('sealed_value_mismatch');
      const index =
        indexVersion === null
          ? old_index
          : numbers.indexer
              .indexes(personnummer, row.organization_id)
              .find((each) => each.startsWith(`${indexVersion}.`));
      return {
        ...{ id: row.id, nth: row.nth, old_index, index: index ?? old_index },
        sealed: sealer === undefined ? sealed : await sealer.seal(personnummer),
      };
    };
  };
}

function publicHalf({ d: _, ...publicPart }: Jwk): Jwk {
  return publicPart;
}
