import { createHash } from 'node:crypto';
import { sameText } from '../../runtime/same-text.ts';
import { isCanonical } from '../../runtime/sealed-box.ts';
import type { Claims } from '../claims/contact-claims.ts';
import { storableText } from '../claims/storable-text.ts';
import { LoginError } from '../errors.ts';

const furthestAhead = 60;
const furthestBack = 600;
const longestSubject = 255;
/** Seconds. No single sign-on lasts longer, so that what is further back is no time of a login: 0.5 would be one of 1970. */
const longestSession = 366 * 86_400;

interface IdTokenExpectations {
  clientId: string;
  /** The pinned signature algorithm, which decides the hash of `at_hash`. */
  algorithm: string;
  accessToken: string;
  minimumAcr: string | null;
  requiredAmr: string[];
  /** Seconds since 1970. */
  now: number;
}

/** What we keep of an ID token that has passed every check. */
export interface VerifiedIdToken {
  subject: string;
  authenticatedAt: Date;
  /** When the provider issued the token, by its own clock: the time of this login, where `authenticatedAt` may be an old single sign-on's. */
  issuedAt: Date | undefined;
  acr: string | undefined;
  claims: Claims;
}

/**
 * The checks that openid-client leaves to us. It has verified pinned algorithm, issuer, audience, azp, exp
 * and nonce before.
 *
 * @throws {LoginError} with answer `login_failed`, and a code that names the claim
 */
export function checkIdToken(claims: Claims, expected: IdTokenExpectations): VerifiedIdToken {
  const subject = readSubject(claims.sub);
  checkAudience(claims, expected.clientId);
  const issuedAt = checkIssuedAt(claims.iat, expected.now);
  if (!Number.isFinite(claims.exp)) throw refused('id_token_exp_invalid');
  if (claims.at_hash !== undefined) checkAccessTokenHash(claims.at_hash, expected);
  checkAcr(claims.acr, expected.minimumAcr);
  checkAmr(claims.amr, expected.requiredAmr);
  return {
    subject,
    authenticatedAt: authenticationTime(claims.auth_time, issuedAt),
    // Whole seconds, as the provider's notices have them, which are compared with this.
    issuedAt: new Date(Math.floor(issuedAt) * 1000),
    acr: storableAcr(claims.acr),
    claims,
  };
}

/**
 * Other kinds of token are signed by the same keys, and say in their header what they are (RFC 8725 section 3.11: access tokens,
 * logout tokens, security events). An ID token has no kind of its own there but JWT. BankID, and whoever else runs Keycloak, also
 * marks each kind in a claim.
 */
export function checkKind(header: { typ?: unknown }, claims: Claims): void {
  const inHeader = header.typ === undefined || /^(application\/)?jwt$/i.test(textOf(header.typ));
  const inClaims = claims.typ === undefined || /^(id|jwt)$/i.test(textOf(claims.typ));
  if (!inHeader || !inClaims) throw refused('id_token_typ_wrong');
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** One spelling only, although the signature would verify with others too. */
export function checkForm(idToken: string | undefined): string {
  if (idToken === undefined || !isCanonical(idToken)) throw refused('id_token_form_invalid');
  return idToken;
}

/**
 * OpenID Connect Core 1.0 section 2: at most 255 characters. Half of the account's key, so nothing is mended here. It is
 * stored in clear, so one with a personnummer in it is refused.
 */
export function readSubject(claim: unknown): string {
  const subject = storableText(claim);
  if (subject === undefined || subject.length > longestSubject) throw refused('id_token_sub_invalid');
  return subject;
}

/** Asking for a level in `acr_values` proves nothing; the token has to state it (docs.digdir.no). */
export function checkAcr(claim: unknown, minimum: string | null): void {
  if (minimum !== null && !meetsMinimumAcr(claim, minimum)) throw refused('id_token_acr_too_low');
}

/** RFC 8176: how the person was authenticated, such as `mfa`. That a provider can do it proves nothing of this login. */
export function checkAmr(claim: unknown, required: string[]): void {
  const methods: unknown[] = Array.isArray(claim) ? claim : [];
  if (required.length > 0 && !required.some((each) => methods.includes(each)))
    throw refused('id_token_amr_insufficient');
}

/** The level of assurance, if it is a text that can be kept. */
export function storableAcr(claim: unknown): string | undefined {
  const acr = storableText(claim);
  return acr !== undefined && acr.length <= longestSubject ? acr : undefined;
}

/** Core section 3.1.3.7 (3) to (5): several audiences only when we are the authorized party, and azp is always us. */
function checkAudience({ aud, azp }: Claims, clientId: string): void {
  const audiences = Array.isArray(aud) ? aud : [aud];
  if (!audiences.every((audience) => typeof audience === 'string')) throw refused('id_token_aud_invalid');
  if (audiences.some((audience) => audience !== clientId) && azp === undefined) throw refused('id_token_aud_invalid');
  if (azp !== undefined && azp !== clientId) throw refused('id_token_azp_invalid');
}

/** Core section 3.1.3.7 (10) leaves the range to us; openid-client does not compare iat with the clock. */
function checkIssuedAt(iat: unknown, now: number): number {
  if (typeof iat !== 'number' || !Number.isFinite(iat)) throw refused('id_token_iat_invalid');
  if (iat > now + furthestAhead || iat < now - furthestBack) throw refused('id_token_iat_out_of_range');
  return iat;
}

/** Core section 3.1.3.6. Optional in this flow, but a wrong one means that the access token is somebody else's. */
function checkAccessTokenHash(claim: unknown, { accessToken, algorithm }: IdTokenExpectations): void {
  const digest = createHash(hashOf(algorithm)).update(accessToken).digest();
  const expected = digest.subarray(0, digest.length / 2).toString('base64url');
  if (typeof claim !== 'string' || !sameText(claim, expected)) throw refused('id_token_at_hash_wrong');
}

function hashOf(algorithm: string): 'sha256' | 'sha384' | 'sha512' {
  if (algorithm.endsWith('256')) return 'sha256';
  return algorithm.endsWith('384') ? 'sha384' : 'sha512';
}

/** When the person proved who they are; `issuedAt` where the claim says nothing that can be true. */
export function authenticationTime(authTime: unknown, issuedAt: number): Date {
  return new Date(pastTime(authTime, issuedAt) * 1000);
}

/** When something was issued that must have been issued by now; `now` where the claim says nothing that can be true. */
export function issueTime(claim: unknown, now: number): number {
  return pastTime(claim, now);
}

/** A claim's seconds since 1970 if they are of the time until `latest` in which a session may have begun, else `latest`. */
function pastTime(claim: unknown, latest: number): number {
  return typeof claim === 'number' && claim <= latest && claim > latest - longestSession ? claim : latest;
}

function refused(code: string): LoginError {
  return new LoginError(code, 'login_failed');
}

/** ID-porten's levels, today's and the former names, in one order (docs.digdir.no; design section 12). */
const levels: Record<string, number> = {
  'idporten-loa-low': 1,
  'idporten-loa-substantial': 2,
  Level3: 2,
  'idporten-loa-high': 3,
  Level4: 3,
};

/**
 * @param acr the claim as the provider sent it
 * @param minimum the row's level. One we know no order for (such as Vipps' `urn:vipps:acr:app_auth`) must be met exactly.
 */
export function meetsMinimumAcr(acr: unknown, minimum: string): boolean {
  if (typeof acr !== 'string') return false;
  if (acr === minimum) return true;
  const [reached, needed] = [levelOf(acr), levelOf(minimum)];
  return reached !== undefined && needed !== undefined && reached >= needed;
}

function levelOf(acr: string): number | undefined {
  return Object.hasOwn(levels, acr) ? levels[acr] : undefined;
}
