import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { transactionLifetime } from './transaction.ts';

/**
 * `__Host-` makes the browser refuse the cookie from any other host, without Secure, or with another path. That holds
 * in a local deployment too: browsers treat http://localhost and http://127.0.0.1 as trustworthy and keep and send
 * Secure cookies there; a scripted client has to send the cookie back as it got it.
 */
const prefix = '__Host-login-';

const ours = /^__Host-login-[A-Za-z0-9_-]{16}$/;

/**
 * Logins one browser may have in flight: enough for a few tabs, and not so much that the browser's next request would
 * exceed our limit for headers.
 */
const mostInFlight = 4;
const mostBytes = 9_000;

/** What browsers keep of one cookie, name and value together (RFC 6265bis section 5.6), less the name. */
export const longestCookieValue = 4000;

// SameSite=Lax: the provider's redirect back is a top-level GET from another site, which Strict would leave bare.
const attributes = { path: '/', secure: true, httpOnly: true, sameSite: 'Lax' } as const;

/** One cookie per login, so that two tabs do not spoil each other. The name tells nothing about the state. */
export function cookieName(state: string): string {
  return prefix + createHash('sha256').update(state).digest('base64url').slice(0, 16);
}

/** @returns the sealed transaction that belongs to this state, if the browser sent one */
export function readTransactionCookie(c: Context, state: string): string | undefined {
  return getCookie(c)[cookieName(state)];
}

/** Binds the transaction to the browser. The browser's oldest ones make room when there are too many. */
export function writeTransactionCookie(c: Context, state: string, sealed: string): void {
  // RFC 6265 section 5.4: cookies of equal path come oldest first.
  const newestFirst = Object.entries(getCookie(c))
    .filter(([name]) => ours.test(name))
    .reverse();
  let bytes = sealed.length;
  for (const [at, [name, value]] of newestFirst.entries()) {
    bytes += name.length + value.length;
    if (at >= mostInFlight - 1 || bytes > mostBytes) deleteCookie(c, name, attributes);
  }
  setCookie(c, cookieName(state), sealed, { ...attributes, maxAge: transactionLifetime });
}

export function clearTransactionCookie(c: Context, state: string): void {
  deleteCookie(c, cookieName(state), attributes);
}
