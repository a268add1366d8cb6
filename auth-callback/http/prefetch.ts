import type { MiddlewareHandler } from 'hono';
import type { AppEnv } from './request-context.ts';

/** Fetch standard (`Sec-Purpose`), and what browsers said before it: Chromium and Safari, Safari's previews, Firefox. */
const headers = ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'];
const guesses = new Set(['prefetch', 'prerender', 'preview']);

/**
 * Refuses what a browser fetches on a guess, before anybody has opened the address: it would use up a login that its
 * person is still to finish. The browser throws a refusal away and asks again when the address is really opened.
 */
export const refusePrefetch: MiddlewareHandler<AppEnv> = async (c, next) => {
  const said = headers.flatMap((name) => c.req.header(name)?.toLowerCase().split(/[,;]/) ?? []);
  if (!said.some((word) => guesses.has(word.trim()))) return next();
  c.var.log.debug({ event: 'prefetch_refused' }, 'fetched on a guess');
  return c.text('Not to be prefetched\n', 403);
};
