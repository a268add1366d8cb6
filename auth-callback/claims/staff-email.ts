import { type Claims, readEmail } from './contact-claims.ts';

/** The address by which an invitation is found. */
export interface StaffEmail {
  email: string | undefined;
  /** Its provider vouches for it, in the same answer that it stands in. */
  emailVerified: boolean;
}

/**
 * The one place where the e-mail address of a staff login is judged. An answer that vouches for its own address comes before one that does
 * not: what ID token and userinfo say is never put together.
 *
 * @param sources verified claims of one subject, the preferred source first
 */
export function readStaffEmail(issuer: string, sources: Claims[]): StaffEmail {
  const withEmail = sources.filter((claims) => readEmail(claims.email) !== undefined);
  const vouched = withEmail.find((claims) => claims.email_verified === true || isOfOwnDomain(issuer, claims));
  return { email: readEmail((vouched ?? withEmail[0])?.email), emailVerified: vouched !== undefined };
}

/**
 * Entra ID has no `email_verified`. Its optional claim `xms_edov` says that the address is of a domain that the tenant has proved to own
 * (learn.microsoft.com, "Optional claims reference"), and it is there as a boolean or as a 1.
 */
function isOfOwnDomain(issuer: string, claims: Claims): boolean {
  const said: unknown = claims.xms_edov;
  return issuer.startsWith('https://login.microsoftonline.com/') && (said === true || said === 1 || said === '1');
}
