/**
 * Whether a compact JWS or JWE is written in the one way there is (RFC 7515 section 2): segments of base64url without
 * padding, white space or bits left over at the end. Decoders forgive all of these, so that one value has many spellings.
 */
export function isCanonical(compact: string): boolean {
  return compact.split('.').every((segment) => Buffer.from(segment, 'base64url').toString('base64url') === segment);
}
