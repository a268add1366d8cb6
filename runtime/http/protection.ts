import { hash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import { LRUCache } from 'lru-cache';
import { longestUrl } from './limits.ts';
import { type AppEnv, bearerToken, type TurnAway } from './request-context.ts';

const none = ["'none'"];

/** Nothing at all: for programs whose pages say themselves what they need. */
export const emptyPolicy = { defaultSrc: none, frameAncestors: none, baseUri: none, formAction: none };

/**
 * Headers of every answer. Nothing here is ever shown in a frame or kept by a cache, and no address (which may hold a code) is passed
 * on as a referrer (RFC 9700 section 4.2). What a handler has set itself stays.
 *
 * @param overTls whether the program's public address is https
 * @param contentSecurityPolicy of what sets none of its own
 */
export function securityHeaders(
  overTls: boolean,
  contentSecurityPolicy: NonNullable<Parameters<typeof secureHeaders>[0]>['contentSecurityPolicy'] & object,
): MiddlewareHandler<AppEnv> {
  const others = secureHeaders({
    overwrite: false,
    contentSecurityPolicy,
    xFrameOptions: 'DENY',
    strictTransportSecurity: overTls && 'max-age=63072000; includeSubDomains',
    // A web app may open the login in a window of its own, and wait for it.
    crossOriginOpenerPolicy: false,
  });
  return async (c, next) => {
    await others(c, next);
    if (!c.res.headers.has('cache-control')) c.res.headers.set('cache-control', 'no-store');
  };
}

/** 414 before anything reads the address. */
export const limitUrl: MiddlewareHandler<AppEnv> = async (c, next) => {
  if ((c.env.incoming.url?.length ?? 0) > longestUrl) return c.text('URI too long\n', 414);
  return next();
};

/** For what is the operator's business: 401 for whoever has not just this token, compared in constant time. */
export function requireToken(token: string): MiddlewareHandler<AppEnv> {
  const expected = hash('sha256', token, 'buffer');
  return async (c, next) => {
    if (timingSafeEqual(hash('sha256', bearerToken(c) ?? '', 'buffer'), expected)) return next();
    c.header('www-authenticate', 'Bearer');
    return c.text('Unauthorized\n', 401);
  };
}

/** Fetch standard (`Sec-Purpose`), and what browsers said before it: Chromium and Safari, Safari's previews, Firefox. */
const purposeHeaders = ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'];
const guesses = new Set(['prefetch', 'prerender', 'preview']);

/**
 * Refuses what a browser fetches on a guess, before anybody has opened the address: it would use up a login that its
 * person is still to finish. The browser throws a refusal away and asks again when the address is really opened.
 */
export const refusePrefetch: MiddlewareHandler<AppEnv> = async (c, next) => {
  const said = purposeHeaders.flatMap((name) => c.req.header(name)?.toLowerCase().split(/[,;]/) ?? []);
  if (!said.some((word) => guesses.has(word.trim()))) return next();
  c.var.log.debug({ event: 'prefetch_refused' }, 'fetched on a guess');
  return c.text('Not to be prefetched\n', 403);
};

/** 429 for an address that makes more requests than that a minute. */
export function limitRate(perMinute: number, turnAway: TurnAway): MiddlewareHandler<AppEnv> {
  const limit = createRateLimit(perMinute);
  return async (c, next) => {
    const seconds = limit.take(c.var.address);
    if (seconds === 0) return next();
    c.var.log.debug({ event: 'rate_limited' }, 'too many requests from one address');
    return turnAway(c, 429, seconds);
  };
}

interface RateLimit {
  /** @returns 0 when the request may go on, else the seconds after which the next one may */
  take(address: string): number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** Addresses remembered at once: bounded, so that nobody can fill the memory by coming from many. The idlest goes first. */
const mostAddresses = 50_000;

/**
 * Token buckets per address: a burst of one minute's worth, then an even flow.
 *
 * @param perMinute requests a minute
 * @param now milliseconds, of a clock that never goes back
 */
export function createRateLimit(perMinute: number, now: () => number = () => performance.now()): RateLimit {
  // By size and not by number: with a number the cache makes room for all of them at once, which takes longer than starting all else.
  const buckets = new LRUCache<string, Bucket>({ maxSize: mostAddresses, sizeCalculation: () => 1 });
  const perMillisecond = perMinute / 60_000;
  return {
    take(address) {
      const at = now();
      const before = buckets.get(address) ?? { tokens: perMinute, at };
      const tokens = Math.min(perMinute, before.tokens + (at - before.at) * perMillisecond);
      buckets.set(address, { tokens: tokens >= 1 ? tokens - 1 : tokens, at });
      return tokens >= 1 ? 0 : Math.max(1, Math.ceil((1 - tokens) / perMillisecond / 1000));
    },
  };
}
