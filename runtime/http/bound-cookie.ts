import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { longestOwnCookies } from './limits.ts';

/** What browsers keep of one cookie, name and value together (RFC 6265bis section 5.6), less the name. */
export const longestCookieValue = 4000;

// SameSite=Lax: the provider's redirect back is a top-level GET from another site, which Strict would leave bare.
const attributes = { path: '/', secure: true, httpOnly: true, sameSite: 'Lax' } as const;

/** Cookies of one purpose, each bound to host, path and browser, and named after a key that the name does not tell. */
interface BoundCookie {
  name(key: string): string;
  read(c: Context, key: string): string | undefined;
  write(c: Context, key: string, value: string, maxAge: number): void;
  clear(c: Context, key: string): void;
}

/** What cookies of ours are for: the callback's three, and the desk's sign-in and draft. */
type Purpose = 'login' | 'consent' | 'number' | 'signin' | 'draft';

const ours = /^__Host-(login|consent|number|signin|draft)-[A-Za-z0-9_-]{16}$/;

/**
 * `__Host-` makes the browser refuse the cookie from any other host, without Secure, or with another path. That holds
 * in a local deployment too: browsers treat http://localhost and http://127.0.0.1 as trustworthy and keep and send
 * Secure cookies there; a scripted client has to send the cookie back as it got it.
 *
 * One browser holds no more than `longestOwnCookies` of all purposes together: enough for a few tabs, and never so much that its next
 * request exceeds what the server takes. The oldest make room.
 *
 * @param purpose part of the name
 * @param most how many of this purpose one browser may hold
 */
export function createBoundCookie(purpose: Purpose, most: number): BoundCookie {
  const prefix = `__Host-${purpose}-`;
  const nameOf = (key: string) => prefix + createHash('sha256').update(key).digest('base64url').slice(0, 16);

  function makeRoom(c: Context, name: string, value: string): void {
    const newestFirst = [...heldBy(c)].filter(([each]) => each !== name).reverse();
    let bytes = sizeOf(name, value);
    let count = 1;
    for (const [each, its] of newestFirst) {
      const same = each.startsWith(prefix);
      const stays = bytes + sizeOf(each, its) <= longestOwnCookies && !(same && count >= most);
      if (!stays) change(c, each, undefined);
      if (stays) bytes += sizeOf(each, its);
      if (stays && same) count += 1;
    }
  }

  return {
    name: nameOf,
    read: (c, key) => getCookie(c)[nameOf(key)],
    write(c, key, value, maxAge) {
      makeRoom(c, nameOf(key), value);
      change(c, nameOf(key), value, maxAge);
    },
    clear: (c, key) => change(c, nameOf(key), undefined),
  };
}

/** In the browser's next request: `name=value; `. */
function sizeOf(name: string, value: string): number {
  return name.length + value.length + 3;
}

/** What the browser will hold of ours after this answer, the oldest first. Several cookies may change in one answer. */
const held = new WeakMap<Context, Map<string, string>>();

function heldBy(c: Context): Map<string, string> {
  const known = held.get(c);
  if (known !== undefined) return known;
  // RFC 6265 section 5.4: cookies of equal path come oldest first.
  const sent = new Map(Object.entries(getCookie(c)).filter(([name]) => ours.test(name)));
  held.set(c, sent);
  return sent;
}

/** @param value undefined: the browser forgets it */
function change(c: Context, name: string, value: string | undefined, maxAge?: number): void {
  const cookies = heldBy(c);
  cookies.delete(name);
  if (value === undefined) {
    deleteCookie(c, name, attributes);
    return;
  }
  cookies.set(name, value);
  setCookie(c, name, value, { ...attributes, ...(maxAge !== undefined && { maxAge }) });
}
