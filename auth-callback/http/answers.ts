import type { MiddlewareHandler } from 'hono';
import { codeOf, PageError } from '../errors.ts';
import { plainPage } from './pages.ts';
import type { AppContext, AppEnv } from './request-context.ts';

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
export function answerError(error: Error, c: AppContext): Response {
  const { log, requestId } = c.var;
  if (error instanceof PageError) {
    log.info({ event: 'page_shown', code: error.code, status: error.status }, 'answered with a page');
    if (error.status === 503) c.header('retry-after', '5');
    return plainPage(c, error.status, requestId);
  }
  log.error({ event: 'request_failed', code: codeOf(error), err: error }, 'request failed');
  return plainPage(c, 500, requestId);
}
