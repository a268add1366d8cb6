import { hash, timingSafeEqual } from 'node:crypto';
import type { MiddlewareHandler } from 'hono';
import { bearerToken } from '../session/bearer-token.ts';
import { longestUrl } from './limits.ts';
import { plainPage } from './pages.ts';
import type { RateLimit } from './rate-limit.ts';
import type { AppContext, AppEnv } from './request-context.ts';

/**
 * Headers of every answer. Nothing here is ever shown in a frame, runs a script or is kept by a cache, and no address
 * (which may hold a code) is passed on as a referrer (RFC 9700 section 4.2).
 *
 * @param overTls whether PUBLIC_URL is https
 */
export function securityHeaders(overTls: boolean): MiddlewareHandler<AppEnv> {
  const headers: [string, string][] = [
    ['content-security-policy', "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"],
    ['x-content-type-options', 'nosniff'],
    ['x-frame-options', 'DENY'],
    ['referrer-policy', 'no-referrer'],
    ['cross-origin-resource-policy', 'same-origin'],
    ['cache-control', 'no-store'],
  ];
  if (overTls) headers.push(['strict-transport-security', 'max-age=63072000; includeSubDomains']);
  return async (c, next) => {
    await next();
    for (const [name, value] of headers) {
      if (!c.res.headers.has(name)) c.res.headers.set(name, value);
    }
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

export function limitRate(limit: RateLimit): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const seconds = limit.take(c.var.address);
    if (seconds === 0) return next();
    c.var.log.debug({ event: 'rate_limited' }, 'too many requests from one address');
    return turnAway(c, 429, seconds);
  };
}

/** Not now: the person gets a page, the app a code, and both the time after which it is worth while. */
export function turnAway(c: AppContext, status: 429 | 503, seconds: number): Response {
  c.header('retry-after', String(seconds));
  // Apps read this one, people the others.
  if (c.req.path === '/token' || c.req.path === '/link') return c.json({ error: 'temporarily_unavailable' }, status);
  return plainPage(c, status, c.var.requestId);
}
