import type { Context } from 'hono';

/** RFC 6750 section 2.1: the token of an `Authorization: Bearer` header, and of nowhere else. */
export function bearerToken(c: Context): string | undefined {
  return /^bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(c.req.header('authorization') ?? '')?.[1];
}
