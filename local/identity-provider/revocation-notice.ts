/** Seconds for which Vipps' documented example is good. */
const LIFETIME = 300;

/**
 * The token of Vipps' CONSENT_REVOKED webhook, as documented: two segments and no dot after them, a line feed after the
 * header's JSON, and no signature.
 *
 * @param subject whose consent, as the organisation knows the person
 * @param issuedAt seconds since 1970
 */
export function revocationNotice(subject: string, issuedAt = Math.floor(Date.now() / 1000)): string {
  const payload = { exp: issuedAt + LIFETIME, iat: issuedAt, nbf: issuedAt, sub: subject, event: 'CONSENT_REVOKED' };
  const encode = (text: string) => Buffer.from(text).toString('base64url');
  return `${encode('{"alg":"none"}\n')}.${encode(JSON.stringify(payload))}`;
}
