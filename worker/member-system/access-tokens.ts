import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import * as client from 'openid-client';
import { z } from 'zod';
import type { GuardedFetch } from '../../runtime/guarded-fetch.ts';
import { Failure } from '../failure.ts';
import type { TokenEndpointAuthMethod } from './settings.ts';

/** The client of a token endpoint, with its secret. */
export interface TokenClient {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** `headers`: an endpoint of Vipps's, which takes client and secret as headers of their own and no grant. */
  readonly authMethod: TokenEndpointAuthMethod | 'headers';
  /** With `headers`: the value of `Ocp-Apim-Subscription-Key`; null: none. */
  readonly subscriptionKey?: string | null;
  readonly scope: string | null;
}

/** Access tokens by the client credentials grant (RFC 6749 section 4.4), kept until shortly before they expire. */
export interface AccessTokens {
  /** @throws Failure `token_unavailable`, `token_refused` or `member_system_misconfigured` */
  get(tokenClient: TokenClient): Promise<string>;
  /** Forgets a token that the member system would not take, unless a newer one is there already. */
  forget(tokenClient: TokenClient, token: string): void;
}

/** What the tokens need. */
export interface AccessTokensOptions {
  readonly fetch: GuardedFetch;
  /** True in local deployments only. */
  readonly allowsPlainHttp: boolean;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

interface Held {
  readonly token: string;
  readonly until: number;
}

// A token is given up this long before it expires, so that it does not expire on its way.
const marginMs = 30_000;
const timeoutSeconds = 10;

// The secret is part of the key as a hash: a replaced secret or a changed row gets its own token at once.
function keyOf({ tokenUrl, clientId, clientSecret, authMethod, scope, subscriptionKey }: TokenClient): string {
  return createHash('sha256')
    .update(JSON.stringify([tokenUrl, clientId, clientSecret, authMethod, scope, subscriptionKey ?? null]))
    .digest('base64url');
}

const authentications = {
  // Every server with client passwords should take this one (RFC 6749 section 2.3.1).
  client_secret_basic: client.ClientSecretBasic,
  client_secret_post: client.ClientSecretPost,
};

function configuration(
  tokenClient: TokenClient,
  authMethod: TokenEndpointAuthMethod,
  options: AccessTokensOptions,
): client.Configuration {
  const url = URL.parse(tokenClient.tokenUrl);
  if (url === null) throw new Failure('member_system_misconfigured');
  const server = { issuer: url.origin, token_endpoint: url.href };
  const authentication = authentications[authMethod](tokenClient.clientSecret);
  const built = new client.Configuration(server, tokenClient.clientId, undefined, authentication);
  built.timeout = timeoutSeconds;
  built[client.customFetch] = (target, init) => options.fetch(target, init as RequestInit);
  if (options.allowsPlainHttp) client.allowInsecureRequests(built);
  return built;
}

function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const refused = error instanceof client.ResponseBodyError || error instanceof client.WWWAuthenticateChallengeError;
  if (refused && error.status < 500 && error.status !== 429) return new Failure('token_refused', { cause: error });
  return new Failure('token_unavailable', { cause: error });
}

/** `POST /accesstoken/get` of Vipps: its answer is that of OAuth, with `expires_in` as text. */
const headersAnswer = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().optional() });

async function fetchByHeaders(
  { tokenUrl, clientId, clientSecret, subscriptionKey }: TokenClient,
  options: AccessTokensOptions,
) {
  const url = URL.parse(tokenUrl);
  if (url === null || (url.protocol !== 'https:' && !options.allowsPlainHttp))
    throw new Failure('issuer_misconfigured');
  const headers: Record<string, string> = { client_id: clientId, client_secret: clientSecret };
  if (subscriptionKey) headers['ocp-apim-subscription-key'] = subscriptionKey;
  const signal = AbortSignal.timeout(timeoutSeconds * 1_000);
  const response = await options.fetch(url.href, { method: 'POST', headers, signal });
  const { status } = response;
  if (status >= 400 && status < 500 && status !== 408 && status !== 429) throw new Failure('token_refused');
  const answer = status === 200 ? headersAnswer.safeParse(await response.json()) : null;
  if (!answer?.success) throw new Failure('token_unavailable');
  return answer.data;
}

async function fetchToken(tokenClient: TokenClient, options: AccessTokensOptions, now: () => number): Promise<Held> {
  try {
    const asked = now();
    const answer = await (tokenClient.authMethod === 'headers'
      ? fetchByHeaders(tokenClient, options)
      : client.clientCredentialsGrant(
          configuration(tokenClient, tokenClient.authMethod, options),
          tokenClient.scope === null ? undefined : { scope: tokenClient.scope },
        ));
    // Without `expires_in` nothing is known about its life, so it is used once.
    return { token: answer.access_token, until: asked + (answer.expires_in ?? 0) * 1000 - marginMs };
  } catch (error) {
    throw failureOf(error);
  }
}

// There is one client for each organisation; more than this many are there only when secrets are replaced all the time.
const most = 1_000;

/** Creates an empty store of tokens. Tokens live in memory only. Pushes that start together share one request for a token. */
export function createAccessTokens(options: AccessTokensOptions): AccessTokens {
  const now = options.now ?? Date.now;
  const tokens = new LRUCache<string, Held, TokenClient>({
    max: most,
    // It takes 0 for no time at all, and a clock may start there.
    perf: { now: () => now() + 1 },
    ttlResolution: 0,
    async fetchMethod(_key, _old, { context, options: entry }) {
      const held = await fetchToken(context, options, now);
      entry.ttl = Math.max(1, held.until - now() - 1); // it is used up at the very moment
      return held;
    },
  });
  return {
    async get(tokenClient) {
      const key = keyOf(tokenClient);
      const held = await tokens.forceFetch(key, { context: tokenClient });
      // One of which nothing is known, or that ends soon, serves those who asked for it and nobody else.
      if (held.until <= now()) tokens.delete(key);
      return held.token;
    },
    forget(tokenClient, token) {
      const key = keyOf(tokenClient);
      if (tokens.peek(key)?.token === token) tokens.delete(key);
    },
  };
}
