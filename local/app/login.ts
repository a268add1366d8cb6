import { createHash, randomBytes } from 'node:crypto';

/** Unfinished logins beyond this many are forgotten. */
const MOST_PENDING = 1_000;

/** What the app remembers of each login until it returns. */
type PendingLogins = {
  /** Remembers one more. Answers what the callback is asked with: the state, and the challenge of the verifier (RFC 7636). */
  begin(): { state: string; code_challenge: string; code_challenge_method: 'S256' };
  /** The verifier of the login that comes back with this state, once. */
  take(state: string): string | undefined;
};

export function createPendingLogins(): PendingLogins {
  /** Verifiers by state, the oldest first. */
  const verifiers = new Map<string, string>();
  return {
    begin() {
      const verifier = randomBytes(32).toString('base64url');
      const state = randomBytes(16).toString('base64url');
      const [oldest] = verifiers.keys();
      if (verifiers.size >= MOST_PENDING && oldest !== undefined) verifiers.delete(oldest);
      verifiers.set(state, verifier);
      const code_challenge = createHash('sha256').update(verifier).digest('base64url');
      return { state, code_challenge, code_challenge_method: 'S256' };
    },
    take(state) {
      const verifier = verifiers.get(state);
      verifiers.delete(state);
      return verifier;
    },
  };
}

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
