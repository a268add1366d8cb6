import { fetchUserInfo } from 'openid-client';
import type { Claims } from '../claims/contact-claims.ts';
import { codeOf } from '../errors.ts';
import type { ProviderClient } from './provider-client.ts';
import type { ProviderRow } from './provider-row.ts';

/** What came of asking userinfo. Only `claims` brings anything that may be used. */
export type UserinfoAnswer =
  | { status: 'claims'; claims: Claims }
  | { status: 'subject_differs' }
  | { status: 'unavailable'; code: string }
  | { status: 'not_asked' };

/** An access token, and whom the verified ID token beside it is about. */
interface SubjectToken {
  accessToken: string;
  subject: string;
}

/** Which claims a scope brings that help to find the member (OpenID Connect Core 5.4, and Vipps' own names). */
const claimsOfScope: Record<string, string[]> = {
  name: ['given_name'],
  profile: ['given_name'],
  phone: ['phone_number'],
  phoneNumber: ['phone_number'],
  email: ['email'],
  birthDate: ['birthdate'],
};

/** Asks userinfo when the row finds the number there, or when the ID token lacks contact claims that the scopes ask for. */
export async function askUserinfo(
  client: ProviderClient,
  row: ProviderRow,
  token: SubjectToken & { claims: Claims },
): Promise<UserinfoAnswer> {
  if (!isNeeded(client, row, token.claims)) return { status: 'not_asked' };
  return userinfoOf(client, token);
}

/**
 * A failure is an answer, not an exception: it must not stop the login. Userinfo of anybody but the token's subject is
 * not used (OpenID Connect Core 1.0 section 5.3.2).
 */
export async function userinfoOf(
  client: ProviderClient,
  { accessToken, subject }: SubjectToken,
): Promise<UserinfoAnswer> {
  try {
    // The access token travels in the Authorization header only; Vipps refuses any header beyond it.
    return { status: 'claims', claims: await fetchUserInfo(client.userinfo, accessToken, subject) };
  } catch (error) {
    const code = codeOf(error);
    // Within userinfo openid-client compares one attribute only: sub.
    if (code === 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED') return { status: 'subject_differs' };
    return { status: 'unavailable', code };
  }
}

function isNeeded(client: ProviderClient, row: ProviderRow, idToken: Claims): boolean {
  if (row.personnummerFrom === 'userinfo') return true;
  if (!client.hasUserinfo) return false;
  const wanted = row.scopes.flatMap((scope) => claimsOfScope[scope] ?? []);
  return wanted.some((claim) => idToken[claim] === undefined);
}
