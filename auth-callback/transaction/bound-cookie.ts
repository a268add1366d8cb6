import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';

/** What browsers keep of one cookie, name and value together (RFC 6265bis section 5.6), less the name. */
export const longestCookieValue = 4000;

// SameSite=Lax: the provider's redirect back is a top-level GET from another site, which Strict would leave bare.
const attributes = { path: '/', secure: true, httpOnly: true, sameSite: 'Lax' } as const;

/** Cookies of one purpose, each bound to host, path and browser, and named after a key that the name does not tell. */
export interface BoundCookie {
  name(key: string): string;
  read(c: Context, key: string): string | undefined;
  write(c: Context, key: string, value: string, maxAge: number): void;
  clear(c: Context, key: string): void;
}

/**
 * `__Host-` makes the browser refuse the cookie from any other host, without Secure, or with another path. That holds
 * in a local deployment too: browsers treat http://localhost and http://127.0.0.1 as trustworthy and keep and send
 * Secure cookies there; a scripted client has to send the cookie back as it got it.
 *
 * @param purpose part of the name
 * @param limits how many of them, and how many bytes, one browser may hold: enough for a few tabs, and not so much that
 *   the browser's next request would exceed our limit for headers. The oldest make room.
 */
export function createBoundCookie(purpose: string, limits: { most: number; mostBytes: number }): BoundCookie {
  const prefix = `__Host-${purpose}-`;
  const isOurs = (name: string) => name.startsWith(prefix) && /^[A-Za-z0-9_-]{16}$/.test(name.slice(prefix.length));
  const nameOf = (key: string) => prefix + createHash('sha256').update(key).digest('base64url').slice(0, 16);
  return {
    name: nameOf,
    read: (c, key) => getCookie(c)[nameOf(key)],
    write(c, key, value, maxAge) {
      // RFC 6265 section 5.4: cookies of equal path come oldest first.
      const newestFirst = Object.entries(getCookie(c))
        .filter(([name]) => isOurs(name) && name !== nameOf(key))
        .reverse();
      let bytes = value.length;
      for (const [at, [name, each]] of newestFirst.entries()) {
        bytes += name.length + each.length;
        if (at >= limits.most - 1 || bytes > limits.mostBytes) deleteCookie(c, name, attributes);
      }
      setCookie(c, nameOf(key), value, { ...attributes, maxAge });
    },
    clear: (c, key) => void deleteCookie(c, nameOf(key), attributes),
  };
}
