import { randomBytes } from 'node:crypto';

/** 256 unpredictable bits as text: states, nonces, verifiers, codes, refresh tokens (RFC 9700 section 2.1.1, 4.7). */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}
