import { Failure } from '../failure.ts';
import type { AccessTokens } from './access-tokens.ts';
import type { Authentication } from './settings.ts';

/** A value for the `Authorization` header. */
export interface Authorization {
  readonly header: string | null;
  /** Present when the value may be out of date: forgets it, so that the next one is fresh. */
  readonly forget?: () => void;
}

/** Makes the `Authorization` header a row asks for. */
export type Authorize = (authentication: Authentication) => Promise<Authorization>;

/** What the header is made from. */
export interface AuthorizeOptions {
  /** Secrets of member systems by the name of their environment variable. */
  readonly secrets: ReadonlyMap<string, string>;
  readonly accessTokens: AccessTokens;
}

// RFC 9110 section 5.5: anything else cannot be a header value, and an error about it would quote the secret.
export const headerText = /^[\x21-\x7e]+$/;

/**
 * Creates the function that authorises requests.
 *
 * Its failures: `secret_missing`, `member_system_misconfigured`, and those of the token endpoint.
 */
export function createAuthorize({ secrets, accessTokens }: AuthorizeOptions): Authorize {
  function secret(name: string): string {
    const value = secrets.get(name);
    if (value === undefined || value === '') throw new Failure('secret_missing');
    return value;
  }

  function bearer(token: string): string {
    if (!headerText.test(token)) throw new Failure('member_system_misconfigured');
    return `Bearer ${token}`;
  }

  return async (authentication) => {
    switch (authentication.kind) {
      case 'none':
        return { header: null };
      case 'bearer':
        return { header: bearer(secret(authentication.secretEnv)) };
      case 'basic': {
        // RFC 7617 section 2: the first colon ends the user name.
        if (authentication.username.includes(':')) throw new Failure('member_system_misconfigured');
        const pair = `${authentication.username}:${secret(authentication.secretEnv)}`;
        return { header: `Basic ${Buffer.from(pair, 'utf8').toString('base64')}` };
      }
      case 'oauth2_client_credentials': {
        const { tokenUrl, clientId, scope, secretEnv, authMethod } = authentication;
        const tokenClient = { tokenUrl, clientId, scope, authMethod, clientSecret: secret(secretEnv) };
        const token = await accessTokens.get(tokenClient);
        return { header: bearer(token), forget: () => accessTokens.forget(tokenClient, token) };
      }
    }
  };
}

/**
 * Calls with an authorisation, and once more with a fresh one when it is not taken: a token can be withdrawn before it expires. What
 * is called twice must bear it: a read does, a change does by its idempotency key.
 */
export async function authorized<T extends { readonly status: number }, Known = Authentication>(
  authentication: Known,
  authorize: (authentication: Known) => Promise<Authorization>,
  call: (authorization: string | null) => Promise<T>,
): Promise<T> {
  const first = await authorize(authentication);
  const answer = await call(first.header);
  if (answer.status !== 401 || first.forget === undefined) return answer;
  first.forget();
  return await call((await authorize(authentication)).header);
}
