import { hkdfSync } from 'node:crypto';
import { CompactEncrypt, compactDecrypt } from 'jose';

/** A login in flight, from the start to the provider's answer. Lives only in the browser's cookie, sealed. */
export interface LoginTransaction {
  /** UUID; also the id of the observation this login leads to. */
  id: string;
  organization: string;
  provider: string;
  /** The provider's issuer when the login began (RFC 9700 section 4.4.2.2: mix-up). */
  issuer: string;
  nonce: string;
  state: string;
  /** Our own PKCE verifier towards the provider. */
  codeVerifier: string;
  /** The app's registered URL. */
  returnTo: string;
  /** The app's own state and PKCE challenge. */
  appState: string;
  appCodeChallenge: string;
  /** Seconds since 1970. */
  startedAt: number;
}

/** How long a login may take (seconds). */
export const transactionLifetime = 600;

/** The cookie does not hold a transaction of ours. */
export class TransactionError extends Error {
  override readonly name = 'TransactionError';
  readonly code = 'transaction_unreadable';
}

export interface TransactionSealer {
  /** @returns a compact JWE (RFC 7516): dir, A256GCM, `kid` the version of the secret */
  seal(transaction: LoginTransaction): Promise<string>;
  /** @throws {TransactionError} when it was not sealed by us, or by a secret we no longer have */
  unseal(sealed: string): Promise<LoginTransaction>;
}

const texts = [
  ...(['id', 'organization', 'provider', 'issuer', 'nonce', 'state'] as const),
  ...(['codeVerifier', 'returnTo', 'appState', 'appCodeChallenge'] as const),
];

/** @param secrets at least 32 random bytes each; the first one seals, all of them open (so that they can be rotated) */
export function createTransactionSealer(secrets: { version: string; secret: Uint8Array }[]): TransactionSealer {
  const keys = new Map(secrets.map(({ version, secret }) => [version, deriveKey(version, secret)]));
  const [current] = keys;
  if (current === undefined) throw new TypeError('no transaction secret');
  const [kid, sealingKey] = current;
  return {
    seal(transaction) {
      return new CompactEncrypt(new TextEncoder().encode(JSON.stringify(transaction)))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid })
        .encrypt(sealingKey);
    },
    async unseal(sealed) {
      try {
        const { plaintext } = await compactDecrypt(sealed, (header) => keyNamed(keys, header.kid), {
          keyManagementAlgorithms: ['dir'],
          contentEncryptionAlgorithms: ['A256GCM'],
        });
        return readTransaction(JSON.parse(new TextDecoder().decode(plaintext)));
      } catch (cause) {
        throw new TransactionError('the cookie does not hold a transaction of ours', { cause });
      }
    },
  };
}

function keyNamed(keys: Map<string, Uint8Array>, kid: string | undefined): Uint8Array {
  const key = kid === undefined ? undefined : keys.get(kid);
  if (key === undefined) throw new TransactionError('sealed with a secret we do not have');
  return key;
}

/** One secret, one use: the key is derived for this purpose alone (RFC 5869). */
function deriveKey(version: string, secret: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, '', `login-transaction:${version}`, 32));
}

/** Checks the shape, because an older or newer release may have sealed it. */
function readTransaction(value: unknown): LoginTransaction {
  if (typeof value !== 'object' || value === null) throw new TransactionError('not an object');
  const found = value as Record<string, unknown>;
  const complete = texts.every((name) => typeof found[name] === 'string') && Number.isInteger(found.startedAt);
  if (!complete) throw new TransactionError('incomplete');
  return found as unknown as LoginTransaction;
}
