import {
  type CompactJWSHeaderParameters,
  type CompactVerifyGetKey,
  compactVerify,
  createRemoteJWKSet,
  customFetch,
  errors,
} from 'jose';
import { LRUCache } from 'lru-cache';
import type { GuardedFetch } from '../../runtime/guarded-fetch.ts';
import { LoginError } from '../errors.ts';
import { answerToProviderError } from './provider-errors.ts';

/**
 * @returns the header, which the signature covers
 * @throws {LoginError} `login_failed` when the signature does not verify, `temporarily_unavailable` when there is no usable key
 *   to verify it by
 */
export type SignatureCheck = (idToken: string) => Promise<CompactJWSHeaderParameters>;

/** The keys that issuers publish, by address: one set for all organisations that use the same issuer. */
export type KeySets = (jwksUri: string, algorithm: string) => SignatureCheck;

/**
 * A token by a key that is not in the set makes the set be fetched again, lest a login fail because the provider has just
 * rotated its keys; and once in this time only, so that a flood of such tokens is no flood of requests (milliseconds).
 */
const refetchAtMostEvery = 10_000;
/** A key that the provider took back must not be good for much longer. */
const readAgainAfter = 300_000;

export function createKeySets(fetch: GuardedFetch): KeySets {
  const sets = new LRUCache<string, CompactVerifyGetKey>({ max: 500 });

  function keysAt(jwksUri: string): CompactVerifyGetKey {
    const known = sets.get(jwksUri);
    if (known !== undefined) return known;
    const made = createRemoteJWKSet(new URL(jwksUri), {
      cooldownDuration: refetchAtMostEvery,
      cacheMaxAge: readAgainAfter,
      [customFetch]: (url, { headers, signal }) => fetchKeys(fetch, url, { headers, signal }),
    });
    sets.set(jwksUri, made);
    return made;
  }

  /** The key that a token names, or why there is none. */
  function keyAt(jwksUri: string): CompactVerifyGetKey {
    const find = keysAt(jwksUri);
    return async (header, token) => {
      try {
        return await find(header, token);
      } catch (cause) {
        throw nameKeyFault(cause);
      }
    };
  }

  return (jwksUri, algorithm) => async (idToken) => {
    try {
      // Pinned: the header never chooses how it is verified (RFC 8725 section 3.1).
      return (await compactVerify(idToken, keyAt(jwksUri), { algorithms: [algorithm] })).protectedHeader;
    } catch (cause) {
      if (cause instanceof LoginError) throw cause;
      // What jose has no error of its own for is no fault of the token: WebCrypto does not take the key.
      if (!(cause instanceof errors.JOSEError)) throw unusable(cause);
      if (!(cause instanceof errors.JWSSignatureVerificationFailed)) throw cause;
      throw new LoginError('OAUTH_INVALID_RESPONSE', 'login_failed', { cause });
    }
  };
}

/**
 * A key that the provider does not publish proves nothing. Keys that cannot be had, or be used, are the provider's outage: there was
 * nothing to verify by. The codes are openid-client's for the same faults, of a signed userinfo for instance.
 */
function nameKeyFault(cause: unknown): LoginError {
  const unknown = cause instanceof errors.JWKSNoMatchingKey || cause instanceof errors.JWKSMultipleMatchingKeys;
  if (unknown) return new LoginError('OAUTH_KEY_SELECTION_FAILED', 'login_failed', { cause });
  const { code, answer } = answerToProviderError(cause);
  return answer === 'temporarily_unavailable' ? new LoginError(code, answer, { cause }) : unusable(cause);
}

function unusable(cause: unknown): LoginError {
  return new LoginError('provider_keys_unusable', 'temporarily_unavailable', { cause });
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
