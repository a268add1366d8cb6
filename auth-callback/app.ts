import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Logger } from '../runtime/logger.ts';
import type { AccessTokenIssuer } from './access-token.ts';
import { type CallbackRouteOptions, createCallbackRoute } from './callback-route.ts';
import type { Rates } from './config.ts';
import { allowRegisteredOrigins } from './cross-origin.ts';
import { codeOf, PageError } from './errors.ts';
import type { Readiness } from './health.ts';
import { createLoginRoute } from './login-route.ts';
import { plainPage } from './pages.ts';
import { limitConcurrency, limitRate, limitUrl, securityHeaders } from './protection.ts';
import { createRateLimit } from './rate-limit.ts';
import { type AppContext, type AppEnv, requestContext } from './request-context.ts';
import { createTokenRoute } from './token-route.ts';

export interface AppOptions extends CallbackRouteOptions {
  accessTokens: AccessTokenIssuer;
  readiness: Readiness;
  log: Logger;
  rates: Rates;
  capacity: number;
  trustedProxyDepth: number;
  /** True in a local deployment only. */
  allowsPlainHttp: boolean;
}

const longestBody = 16 * 1024;

/** The whole of the callback's HTTP surface. */
export function createApp(options: AppOptions): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.use(requestContext(options.log), securityHeaders(options.publicUrl.startsWith('https:')), limitUrl);
  // Before the limits: whoever watches over the process must get an answer when it is busiest.
  app.get('/livez', (c) => c.json({ status: 'live' }));
  app.get('/readyz', async (c) =>
    (await options.readiness.isReady()) ? c.json({ status: 'ready' }) : c.json({ status: 'not_ready' }, 503),
  );
  app.use(limitConcurrency(options.capacity));
  addKeySet(app, options);
  addLogin(app, options);
  addToken(app, options);
  app.notFound((c) => plainPage(c, 404, c.var.requestId));
  app.onError((error, c) => answerError(error, c));
  return app;
}

function addLogin(app: Hono<AppEnv>, options: AppOptions): void {
  const { rates, trustedProxyDepth } = options;
  const login = createLoginRoute(options);
  const callback = createCallbackRoute(options);
  app.get('/login/:organization/:provider', getOnly, limitRate(createRateLimit(rates.starts), trustedProxyDepth), (c) =>
    login(c, c.req.param('organization'), c.req.param('provider')),
  );
  app.get(
    '/callback/:organization/:provider',
    getOnly,
    limitRate(createRateLimit(rates.callbacks), trustedProxyDepth),
    (c) => callback(c, c.req.param('organization'), c.req.param('provider')),
  );
  app.all('/login/:organization/:provider', (c) => methodNotAllowed(c, 'GET'));
  app.all('/callback/:organization/:provider', (c) => methodNotAllowed(c, 'GET'));
}

function addToken(app: Hono<AppEnv>, options: AppOptions): void {
  const { rates, trustedProxyDepth, directory, allowsPlainHttp } = options;
  app.use('/token', allowRegisteredOrigins(directory, 'POST', allowsPlainHttp));
  app.post(
    '/token',
    limitRate(createRateLimit(rates.tokens), trustedProxyDepth),
    bodyLimit({ maxSize: longestBody, onError: (c) => c.json({ error: 'invalid_request' }, 413) }),
    createTokenRoute(options),
  );
  app.all('/token', (c) => methodNotAllowed(c, 'POST'));
}

function addKeySet(app: Hono<AppEnv>, { accessTokens, directory, allowsPlainHttp }: AppOptions): void {
  app.use('/.well-known/jwks.json', allowRegisteredOrigins(directory, 'GET', allowsPlainHttp));
  app.get('/.well-known/jwks.json', (c) => {
    c.header('cache-control', 'public, max-age=300');
    return c.json(accessTokens.jwks);
  });
}

/** Hono answers HEAD by running the GET route, which would use a login up for somebody who only looks. */
async function getOnly(c: AppContext, next: () => Promise<void>): Promise<Response | undefined> {
  if (c.req.method !== 'GET') return methodNotAllowed(c, 'GET');
  await next();
  return undefined;
}

function methodNotAllowed(c: AppContext, allowed: string): Response {
  c.header('allow', allowed);
  return c.text('Method not allowed\n', 405);
}

/** The person gets a page and an id; the reason goes to the log. */
function answerError(error: Error, c: AppContext): Response {
  const { log, requestId } = c.var;
  if (error instanceof PageError) {
    log.info({ event: 'page_shown', code: error.code, status: error.status }, 'answered with a page');
    if (error.status === 503) c.header('retry-after', '5');
    return plainPage(c, error.status, requestId);
  }
  log.error({ event: 'request_failed', code: codeOf(error), err: error }, 'request failed');
  return plainPage(c, 500, requestId);
}
