import { compactVerify, createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose';
import type { GuardedFetch } from '../../runtime/guarded-fetch.ts';
import { LoginError } from '../errors.ts';

/** @throws when the signature does not verify, or the keys cannot be had */
export type SignatureCheck = (idToken: string) => Promise<void>;

/** The keys that issuers publish, by address: one set for all organisations that use the same issuer. */
export type KeySets = (jwksUri: string, algorithm: string) => SignatureCheck;

/**
 * A token by a key that is not in the set makes the set be fetched again, lest a login fail because the provider has just
 * rotated its keys; and once in this time only, so that a flood of such tokens is no flood of requests (milliseconds).
 */
const refetchAtMostEvery = 10_000;
/** A key that the provider took back must not be good for much longer. */
const readAgainAfter = 300_000;
const mostSets = 500;

export function createKeySets(fetch: GuardedFetch): KeySets {
  const sets = new Map<string, JWTVerifyGetKey>();

  function keysAt(jwksUri: string): JWTVerifyGetKey {
    const known = sets.get(jwksUri);
    if (known !== undefined) return known;
    const made = createRemoteJWKSet(new URL(jwksUri), {
      cooldownDuration: refetchAtMostEvery,
      cacheMaxAge: readAgainAfter,
      [customFetch]: (url, { headers, signal }) => fetchKeys(fetch, url, { headers, signal }),
    });
    if (sets.size >= mostSets) sets.clear();
    sets.set(jwksUri, made);
    return made;
  }

  // Pinned: the header never chooses how it is verified (RFC 8725 section 3.1).
  return (jwksUri, algorithm) => async (idToken) => {
    await compactVerify(idToken, keysAt(jwksUri), { algorithms: [algorithm] }).catch((cause: unknown) => {
      throw nameFault(cause);
    });
  };
}

/** By the codes that openid-client has for the same faults, of a signed userinfo for instance. */
function nameFault(cause: unknown): unknown {
  const refused = (code: string) => new LoginError(code, 'login_failed', { cause });
  const selects = cause instanceof errors.JWKSNoMatchingKey || cause instanceof errors.JWKSMultipleMatchingKeys;
  if (selects) return refused('OAUTH_KEY_SELECTION_FAILED');
  return cause instanceof errors.JWSSignatureVerificationFailed ? refused('OAUTH_INVALID_RESPONSE') : cause;
}

async function fetchKeys(
  fetch: GuardedFetch,
  url: string,
  init: { headers: Headers; signal: AbortSignal },
): Promise<Response> {
  const response = await fetch(url, init);
  if (response.status === 200) return response;
  throw new LoginError(`provider_answered_${response.status}`, 'temporarily_unavailable');
}
