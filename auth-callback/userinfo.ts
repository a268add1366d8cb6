import { fetchUserInfo } from 'openid-client';
import type { Claims } from './contact-claims.ts';
import { codeOf } from './errors.ts';
import type { ProviderClient } from './provider-client.ts';
import type { ProviderRow } from './provider-row.ts';

/** What came of asking userinfo. Only `claims` brings anything that may be used. */
export type UserinfoAnswer =
  | { status: 'claims'; claims: Claims }
  | { status: 'subject_differs' }
  | { status: 'unavailable'; code: string }
  | { status: 'not_asked' };

/** Which claims a scope brings that help to find the member (OpenID Connect Core 5.4, and Vipps' own names). */
const claimsOfScope: Record<string, string[]> = {
  name: ['given_name'],
  profile: ['given_name'],
  phone: ['phone_number'],
  phoneNumber: ['phone_number'],
  email: ['email'],
  birthDate: ['birthdate'],
};

/**
 * Asks userinfo when the row finds the number there, or when the ID token lacks contact claims that the row's scopes ask
 * for. A failure is an answer, not an exception: it must not stop the login.
 *
 * @param subject `sub` of the verified ID token; userinfo of anybody else is not used (Core section 5.3.2)
 */
export async function askUserinfo(
  client: ProviderClient,
  row: ProviderRow,
  token: { accessToken: string; subject: string; claims: Claims },
): Promise<UserinfoAnswer> {
  if (!isNeeded(client, row, token.claims)) return { status: 'not_asked' };
  try {
    // The access token travels in the Authorization header only; Vipps refuses any header beyond it.
    return { status: 'claims', claims: await fetchUserInfo(client.configuration, token.accessToken, token.subject) };
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
