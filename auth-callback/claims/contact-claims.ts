import { passesForPersonnummer } from '../../personnummer/validate.ts';
import { storableText } from './storable-text.ts';

/** What the database may use to find the member, beside the number (OpenID Connect Core 1.0 section 5.1). */
export interface ContactClaims {
  givenName: string | undefined;
  familyName: string | undefined;
  /** `YYYY-MM-DD`, a real date. */
  birthDate: string | undefined;
  /** E.164 with plus. */
  phone: string | undefined;
  phoneVerified: boolean;
  email: string | undefined;
  emailVerified: boolean;
}

/** Claims of an ID token or of userinfo. */
export type Claims = Readonly<Record<string, unknown>>;

const longestName = 200;
const longestEmail = 320;

/**
 * Takes what is usable and drops the rest: contact claims help to find the member, they never stop a login.
 *
 * @param sources verified claims of one subject, the preferred source first. A value and its `_verified` flag are always
 *   taken from the same source.
 */
export function readContactClaims(provider: string, sources: Claims[]): ContactClaims {
  const phoneSource = sources.find((claims) => readPhone(provider, claims.phone_number) !== undefined);
  const emailSource = sources.find((claims) => readEmail(claims.email) !== undefined);
  return {
    givenName: first(sources, (claims) => readName(claims.given_name)),
    familyName: first(sources, (claims) => readName(claims.family_name)),
    birthDate: first(sources, (claims) => readDate(claims.birthdate)),
    phone: readPhone(provider, phoneSource?.phone_number),
    phoneVerified: phoneSource !== undefined && isPhoneVerified(provider, phoneSource.phone_number_verified),
    email: readEmail(emailSource?.email),
    // The boolean and nothing else: "true" is a string that somebody may have typed.
    emailVerified: emailSource?.email_verified === true,
  };
}

function first<Value>(sources: Claims[], read: (claims: Claims) => Value | undefined): Value | undefined {
  for (const claims of sources) {
    const value = read(claims);
    if (value !== undefined) return value;
  }
  return undefined;
}

function readName(value: unknown): string | undefined {
  const text = storableText(value)?.trim();
  // A name with that many digits, however they are written, is a number in the wrong place, and would be stored in clear.
  if (text === undefined || text === '' || (text.match(/\p{Nd}/gu)?.length ?? 0) >= 11) return undefined;
  return text.length <= longestName
    ? text
    : Array.from(text.slice(0, longestName * 2))
        .slice(0, longestName)
        .join('');
}

/** An address as far as its form goes; whether it is somebody's, `email_verified` says. */
export function readEmail(value: unknown): string | undefined {
  const text = storableText(value)?.trim();
  if (text === undefined || text.length > longestEmail) return undefined;
  return /^[^\s@]+@[^\s@]+$/.test(text) ? text : undefined;
}

/** Vipps gives an MSISDN without plus, `4712345678`; elsewhere bare digits may lack their country code. */
function readPhone(provider: string, value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > 40) return undefined;
  const digits = value.replaceAll(/[\s-]/g, '');
  const number = provider === 'vipps' && /^[1-9]/.test(digits) ? `+${digits}` : digits;
  if (!/^\+[1-9][0-9]{6,14}$/.test(number)) return undefined;
  // Eleven digits are an ordinary length for a phone number (Sweden's), but not with the control digits of a personnummer.
  return passesForPersonnummer(number.slice(1)) ? undefined : number;
}

/** Vipps verifies every phone number; its older answers lack the claim. Anywhere else silence is no proof. */
function isPhoneVerified(provider: string, claim: unknown): boolean {
  return claim === true || (provider === 'vipps' && claim === undefined);
}

/** A date that exists, with a year (the standard also allows 0000 for "not said"), and not in the future. */
function readDate(value: unknown): string | undefined {
  if (typeof value !== 'string' || !/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(value)) return undefined;
  const date = new Date(`${value}T00:00:00Z`);
  const exists = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(value);
  return exists && date.getUTCFullYear() >= 1850 && date.getTime() <= Date.now() ? value : undefined;
}
