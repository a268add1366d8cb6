/** What the app gets in the end: tokens, or an error code. */
export type LoginResult =
  | { status: 'logged_in'; accessToken: string; refreshToken: string }
  | { status: 'refused'; error: string };

/** Exchanges the code for tokens (RFC 6749 section 4.1.3, RFC 7636 section 4.5). */
export async function redeemCode(callbackUrl: string, code: string, verifier: string): Promise<LoginResult> {
  const response = await fetch(`${callbackUrl}/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'authorization_code', code, code_verifier: verifier }),
  });
  const body = (await response.json()) as Record<string, string>;
  if (!response.ok) return { status: 'refused', error: body.error ?? `status ${response.status}` };
  return { status: 'logged_in', accessToken: body.access_token ?? '', refreshToken: body.refresh_token ?? '' };
}
