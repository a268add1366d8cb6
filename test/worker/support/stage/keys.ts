import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createIndexer } from '../../../../personnummer/blind-index.ts';
import type { Jwk } from '../../../../personnummer/keys.ts';
import { createSealer } from '../../../../personnummer/seal.ts';

/** What the member systems ask of workers. */
export const token = randomBytes(18).toString('base64url');

/** The key pair of the workers, and one that they do not have. */
export const current = newKey('current');
const foreign = newKey('foreign');
export const indexSecrets = [{ version: 'v1', secret: new Uint8Array(randomBytes(32)) }];
export const sealers = { current: createSealer([current.publicKey]), foreign: createSealer([foreign.publicKey]) };
export const indexer = createIndexer(indexSecrets);

function newKey(kid: string): { publicKey: Jwk; privateKey: Jwk } {
  const pair = generateKeyPairSync('x25519');
  return {
    publicKey: { ...pair.publicKey.export({ format: 'jwk' }), kid } as Jwk,
    privateKey: { ...pair.privateKey.export({ format: 'jwk' }), kid } as Jwk,
  };
}
