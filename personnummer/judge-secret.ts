import type { IndexSecret } from './keys.ts';

const leastBytes = 32;
const leastDistinctBytes = 8;

/**
 * @param text `v1:` and the base64url of the bytes (RFC 4648 section 5, no padding)
 * @returns the secret as far as it can be read, and what is wrong with it
 */
export function judgeSecret(text: string): { secret?: IndexSecret; faults: string[] } {
  const [, version, encoded] = /^(v[0-9]{1,6}):([A-Za-z0-9_-]+)$/.exec(text) ?? [];
  if (version === undefined || encoded === undefined) return { faults: ['is not of the form v1:base64url'] };
  const secret = Buffer.from(encoded, 'base64url');
  if (secret.toString('base64url') !== encoded) return { faults: ['is not base64url'] };
  const faults: string[] = [];
  if (secret.length < leastBytes) faults.push(`has fewer than ${leastBytes} bytes`);
  if (isObvious(secret)) faults.push('is obviously weak; take random bytes');
  return { secret: { version, secret: new Uint8Array(secret) }, faults };
}

/** One byte over and over, a few bytes over and over, or counting up or down. */
function isObvious(bytes: Uint8Array): boolean {
  if (new Set(bytes).size < leastDistinctBytes) return true;
  const steps = bytes.subarray(1).map((byte, at) => byte - (bytes[at] ?? 0));
  return new Set(steps).size === 1;
}
