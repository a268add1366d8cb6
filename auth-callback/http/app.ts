import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Logger } from '../../runtime/logger.ts';
import type { Rates } from '../config.ts';
import { type ConsentRouteOptions, createConsentRoute } from '../consent/consent-route.ts';
import { type CallbackRouteOptions, createCallbackRoute } from '../login/callback-route.ts';
import { createLoginRoute, type LoginRouteOptions } from '../login/login-route.ts';
import { createLinkRoute, type LinkRouteOptions } from '../session/link-route.ts';
import { createTokenRoute, type TokenRouteOptions } from '../session/token-route.ts';
import { createRevocationRoute, limitNotice, requireWebhookSecret } from '../webhook/revocation-route.ts';
import { answerError, getOnly, methodNotAllowed } from './answers.ts';
import { allowRegisteredOrigins } from './cross-origin.ts';
import type { Readiness } from './health.ts';
import { observeRequests } from './observe-requests.ts';
import { plainPage } from './pages.ts';
import { refusePrefetch } from './prefetch.ts';
import { limitConcurrency, limitRate, limitUrl, requireToken, securityHeaders } from './protection.ts';
import { createRateLimit } from './rate-limit.ts';
import { type AppEnv, requestContext } from './request-context.ts';

export interface AppOptions
  extends CallbackRouteOptions,
    LoginRouteOptions,
    ConsentRouteOptions,
    TokenRouteOptions,
    LinkRouteOptions {
  readiness: Readiness;
  log: Logger;
  rates: Rates;
  capacity: number;
  trustedProxyDepth: number;
  /** Undefined: there is no `/metrics`. */
  metricsToken: string | undefined;
  /** A webhook's secret, by the name of its variable. */
  webhookSecrets: (name: string) => string | undefined;
  /** True in a local deployment only. */
  allowsPlainHttp: boolean;
}

const longestBody = 16 * 1024;

/** The whole of the callback's HTTP surface. */
export function createApp(options: AppOptions): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.use(requestContext(options.log), observeRequests(options.metrics));
  app.use(securityHeaders(options.publicUrl.startsWith('https:')), limitUrl);
  addHealth(app, options);
  app.use(limitConcurrency(options.capacity));
  addKeySet(app, options);
  // Everything from here on uses something up: a login, a code, a token, an attempt of an address.
  app.use(refusePrefetch);
  addLogin(app, options);
  addConsent(app, options);
  addSessions(app, options);
  addWebhook(app, options);
  app.notFound((c) => plainPage(c, 404, c.var.requestId));
  app.onError((error, c) => answerError(error, c));
  return app;
}

/** Before the limits: whoever watches over the process must get an answer when it is busiest. */
function addHealth(app: Hono<AppEnv>, { readiness, metrics, metricsToken }: AppOptions): void {
  app.get('/livez', (c) => c.json({ status: 'live' }));
  app.get('/readyz', async (c) =>
    (await readiness.isReady()) ? c.json({ status: 'ready' }) : c.json({ status: 'not_ready' }, 503),
  );
  if (metricsToken === undefined) return;
  app.get('/metrics', requireToken(metricsToken), async (c) => {
    c.header('content-type', metrics.contentType);
    return c.body(await metrics.text());
  });
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

/** Counted with the callbacks: each of them leads here at most once. */
function addConsent(app: Hono<AppEnv>, options: AppOptions): void {
  const path = '/consent/:organization/:provider';
  const consent = createConsentRoute(options);
  app.use(path, limitRate(createRateLimit(options.rates.callbacks), options.trustedProxyDepth));
  app.use(path, bodyLimit({ maxSize: longestBody, onError: (c) => plainPage(c, 413, c.get('requestId')) }));
  app.get(path, getOnly, (c) => consent.ask(c, c.req.param('organization'), c.req.param('provider')));
  app.post(path, (c) => consent.answer(c, c.req.param('organization'), c.req.param('provider')));
  app.all(path, (c) => methodNotAllowed(c, 'GET, POST'));
}

function addSessions(app: Hono<AppEnv>, options: AppOptions): void {
  const { rates, trustedProxyDepth, directory, allowsPlainHttp } = options;
  const routes = { '/token': createTokenRoute(options), '/link': createLinkRoute(options) };
  for (const [path, route] of Object.entries(routes)) {
    app.use(path, allowRegisteredOrigins(directory, 'POST', allowsPlainHttp));
    app.post(
      path,
      limitRate(createRateLimit(rates.tokens), trustedProxyDepth),
      bodyLimit({ maxSize: longestBody, onError: (c) => c.json({ error: 'invalid_request' }, 413) }),
      route,
    );
    app.all(path, (c) => methodNotAllowed(c, 'POST'));
  }
}

function addWebhook(app: Hono<AppEnv>, options: AppOptions): void {
  const path = '/webhooks/:organization/vipps/:secret';
  const revocation = createRevocationRoute(options);
  app.post(
    path,
    limitRate(createRateLimit(options.rates.webhooks), options.trustedProxyDepth),
    requireWebhookSecret(options.webhookSecrets),
    limitNotice,
    (c) => revocation(c, c.req.param('organization')),
  );
  app.all(path, (c) => methodNotAllowed(c, 'POST'));
}

function addKeySet(app: Hono<AppEnv>, { accessTokens, directory, allowsPlainHttp }: AppOptions): void {
  app.use('/.well-known/jwks.json', allowRegisteredOrigins(directory, 'GET', allowsPlainHttp));
  app.get('/.well-known/jwks.json', (c) => {
    c.header('cache-control', 'public, max-age=300');
    return c.json(accessTokens.jwks);
  });
}
