import { readParameters } from '../http/parameters.ts';

export type TokenRequest =
  | { grant: 'authorization_code'; code: string; codeVerifier: string }
  | { grant: 'refresh_token'; refreshToken: string };

/** RFC 6749 section 5.2; and one of our own for a login that was not linked. */
export type TokenErrorCode =
  | 'invalid_request'
  | 'invalid_grant'
  | 'unsupported_grant_type'
  | 'temporarily_unavailable'
  | 'account_mismatch';

/** @param body the form, decoded */
export function readTokenRequest(body: URLSearchParams): TokenRequest | { error: TokenErrorCode } {
  const parameters = readParameters(body);
  const grant = parameters.get('grant_type');
  if (parameters.duplicated || grant === undefined) return { error: 'invalid_request' };
  if (grant === 'authorization_code') return readCodeGrant(parameters.get('code'), parameters.get('code_verifier'));
  if (grant === 'refresh_token') return readRefreshGrant(parameters.get('refresh_token'));
  return { error: 'unsupported_grant_type' };
}

function readCodeGrant(
  code: string | undefined,
  codeVerifier: string | undefined,
): ReturnType<typeof readTokenRequest> {
  if (!code || !codeVerifier) return { error: 'invalid_request' };
  // RFC 7636 section 4.1. What we never issued, or nobody may use, is as good as unknown.
  if (!/^[A-Za-z0-9._~-]{43,128}$/.test(codeVerifier) || !isOurs(code)) return { error: 'invalid_grant' };
  return { grant: 'authorization_code', code, codeVerifier };
}

function readRefreshGrant(refreshToken: string | undefined): ReturnType<typeof readTokenRequest> {
  if (!refreshToken) return { error: 'invalid_request' };
  return isOurs(refreshToken) ? { grant: 'refresh_token', refreshToken } : { error: 'invalid_grant' };
}

/** Our codes and refresh tokens are the base64url of 32 bytes. */
function isOurs(text: string): boolean {
  return /^[A-Za-z0-9_-]{43}$/.test(text);
}
