/**
 * Algorithms of an ID token that a provider's row may pin (RFC 7518, RFC 8037). Asymmetric ones only: `none` proves nothing, and HS256
 * would make the client secret, or a public key mistaken for one, a signing key.
 */
export const signatureAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;
