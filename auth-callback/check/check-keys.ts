import type { GuardedFetch } from '../../runtime/guarded-fetch.ts';
import { codeOf } from '../errors.ts';
import { asRecord } from '../transaction/sealed-box.ts';

/** Key types that go with a signature algorithm (RFC 7518 section 3.1, RFC 8037). */
function keyTypeOf(algorithm: string): string {
  if (algorithm.startsWith('ES')) return 'EC';
  return algorithm.startsWith('Ed') ? 'OKP' : 'RSA';
}

/** Fetches the provider's key set and looks for one that ID tokens of the pinned algorithm can be verified with. */
export async function checkKeys(address: string, algorithm: string, fetch: GuardedFetch): Promise<string[]> {
  let set: unknown;
  try {
    const response = await fetch(address);
    if (response.status !== 200) return [`the key set answers with ${response.status}`];
    set = await response.json();
  } catch (error) {
    return [`the key set cannot be read (${codeOf(error)})`];
  }
  const keys = asRecord(set)?.keys;
  if (!Array.isArray(keys)) return ['the key set is none'];
  const usable = keys.map(asRecord).filter((key) => {
    const fits = key?.kty === keyTypeOf(algorithm) && (key.use === undefined || key.use === 'sig');
    return fits && (key.alg === undefined || key.alg === algorithm);
  });
  if (usable.length === 0) return [`no key of the provider goes with ${algorithm}`];
  const nameless = usable.length > 1 && usable.some((key) => typeof key?.kid !== 'string');
  return nameless ? ['several keys fit and some have no kid, so that tokens cannot be told which one signed them'] : [];
}
