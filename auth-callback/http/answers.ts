import type { MiddlewareHandler } from 'hono';
import { html } from 'hono/html';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { AppContext, AppEnv, TurnAway } from '../../runtime/http/request-context.ts';
import { type AnswerCode, codeOf, PageError } from '../errors.ts';
import type { AppRequest } from '../login/app-request.ts';

/** What the app is told: a code of ours, or why there is none. */
export type AppAnswer = { code: string } | { error: AnswerCode };

/**
 * Sends the browser back to the app (RFC 6749 section 4.1.2), and says who answers (RFC 9207).
 *
 * @param issuer our PUBLIC_URL
 * @param app its address, registered for the organisation, whose own query is kept; its state, untouched
 */
export function redirectToApp(
  c: AppContext,
  issuer: string,
  { returnTo, state }: Pick<AppRequest, 'returnTo' | 'state'>,
  answer: AppAnswer,
): Response {
  const url = new URL(returnTo);
  for (const [name, value] of Object.entries({ ...answer, iss: issuer })) url.searchParams.set(name, value);
  if (state !== undefined) url.searchParams.set('state', state);
  // 303 after a form: the browser goes on with GET and takes nothing of the form along (RFC 9700 section 4.12).
  return c.redirect(url.href, c.req.method === 'POST' ? 303 : 302);
}

const titles: Record<number, string> = {
  404: 'Siden finnes ikke / Page not found',
  429: 'For mange forsøk / Too many attempts',
  503: 'Midlertidig utilgjengelig / Temporarily unavailable',
};
const otherTitle = 'Innloggingen kunne ikke fullføres / The login could not be completed';

/**
 * The page for those cases in which nothing vouches for where the browser should be sent. It says what the person can do,
 * and an id that leads to the log lines; nothing that came with the request is repeated.
 */
export function plainPage(c: AppContext, status: ContentfulStatusCode): Response | Promise<Response> {
  const title = titles[status] ?? otherTitle;
  return c.html(
    html`<!doctype html>
<html lang="no">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title></head>
<body>
<h1>${title}</h1>
<p>Gå tilbake til appen og prøv igjen.</p>
<p lang="en">Please go back to the app and try again.</p>
<p><small>${c.var.requestId}</small></p>
</body>
</html>
`,
    status,
  );
}

/** Not now: the person gets a page, the app a code, and both the time after which it is worth while. */
export const turnAway: TurnAway = (c, status, seconds) => {
  c.header('retry-after', String(seconds));
  // Apps read this one, people the others.
  if (['/token', '/link', '/revoke'].includes(c.req.path)) return c.json({ error: 'temporarily_unavailable' }, status);
  return plainPage(c, status);
};

/** Hono answers HEAD by running the GET route, which would use a login up for somebody who only looks. */
export const getOnly: MiddlewareHandler<AppEnv> = async (c, next) => {
  if (c.req.method !== 'GET') return methodNotAllowed(c, 'GET');
  return next();
};

export function methodNotAllowed(c: AppContext, allowed: string): Response {
  c.header('allow', allowed);
  return c.text('Method not allowed\n', 405);
}

/** The person gets a page and an id; the reason goes to the log. */
export function answerError(error: Error, c: AppContext): Response | Promise<Response> {
  const { log } = c.var;
  if (error instanceof PageError) {
    log.info({ event: 'page_shown', code: error.code, status: error.status }, 'answered with a page');
    if (error.status === 503) c.header('retry-after', '5');
    return plainPage(c, error.status);
  }
  log.error({ event: 'request_failed', code: codeOf(error), err: error }, 'request failed');
  return plainPage(c, 500);
}
