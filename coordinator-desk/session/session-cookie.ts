import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { z } from 'zod';
import { createSealedBox, type SealingSecret } from '../../runtime/sealed-box.ts';

/** Lives only in the browser's cookie, sealed. */
export type Session = z.infer<typeof session>;
const session = z.object({
  /** The coordinator: `sub` of the access token. */
  userId: z.string(),
  accessToken: z.string(),
  /** Seconds since 1970. */
  expiresAt: z.number(),
  refreshToken: z.string(),
});

export interface SessionCookie {
  /** Undefined where there is none, or none that we can read. */
  read(c: Context): Promise<Session | undefined>;
  write(c: Context, session: Session): Promise<void>;
  clear(c: Context): void;
}

const name = '__Host-desk-session';
// SameSite=Lax: the first page after signing in is reached from the callback, and Strict would leave that request bare.
const attributes = { path: '/', secure: true, httpOnly: true, sameSite: 'Lax' } as const;
/** Seconds. As long as the refresh token: after that there is nothing to go on with. */
const lifetime = 12 * 60 * 60;

export function createSessionCookie(secrets: SealingSecret[]): SessionCookie {
  const box = createSealedBox(secrets, 'desk-session', session);
  return {
    async read(c) {
      const sealed = getCookie(c, name);
      return sealed === undefined ? undefined : box.unseal(sealed).catch(() => undefined);
    },
    async write(c, content) {
      setCookie(c, name, await box.seal(content), { ...attributes, maxAge: lifetime });
    },
    clear: (c) => void deleteCookie(c, name, attributes),
  };
}
