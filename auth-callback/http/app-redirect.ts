import type { Context } from 'hono';
import type { AnswerCode } from '../errors.ts';

/** What the app is told: a code of ours, or why there is none. */
export type AppAnswer = { code: string } | { error: AnswerCode };

/**
 * Sends the browser back to the app (RFC 6749 section 4.1.2).
 *
 * @param returnTo registered for the organisation; a query of its own is kept
 * @param state the app's, untouched
 */
export function redirectToApp(c: Context, returnTo: string, state: string | undefined, answer: AppAnswer): Response {
  const url = new URL(returnTo);
  for (const [name, value] of Object.entries(answer)) url.searchParams.set(name, value);
  if (state !== undefined) url.searchParams.set('state', state);
  // 303 after a form: the browser goes on with GET and takes nothing of the form along (RFC 9700 section 4.12).
  return c.redirect(url.href, c.req.method === 'POST' ? 303 : 302);
}
