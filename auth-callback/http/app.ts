import { Hono, type MiddlewareHandler } from 'hono';
import { createBodyRoom, receiveBody } from '../../runtime/http/bodies.ts';
import { addHealthRoutes } from '../../runtime/http/health-routes.ts';
import { longestBody } from '../../runtime/http/limits.ts';
import { observeRequests } from '../../runtime/http/observe-requests.ts';
import { createPlaces, enterPlace } from '../../runtime/http/places.ts';
import { emptyPolicy, limitRate, limitUrl, refusePrefetch, securityHeaders } from '../../runtime/http/protection.ts';
import type { Readiness } from '../../runtime/http/readiness.ts';
import { type AppEnv, requestContext } from '../../runtime/http/request-context.ts';
import type { Logger } from '../../runtime/logger.ts';
import { traceRequests } from '../../runtime/tracing/trace-requests.ts';
import { type CheckpointRouteOptions, createCheckpointRoutes } from '../audit/checkpoint-route.ts';
import type { Rates } from '../config.ts';
import { type ConsentRouteOptions, createConsentRoute } from '../consent/consent-route.ts';
import { type CallbackRouteOptions, createCallbackRoute } from '../login/callback-route.ts';
import { createAuthorizeRoute, createLoginRoute, type LoginRouteOptions } from '../login/login-route.ts';
import { createLinkRoute, type LinkRouteOptions } from '../session/link.ts';
import { createRevokeRoute } from '../session/revoke-route.ts';
import { createTokenRoute, type TokenRouteOptions } from '../session/token-route.ts';
import { createRevocationRoute, longestNotice, requireWebhookSecret } from '../webhook/revocation-route.ts';
import { answerError, getOnly, methodNotAllowed, plainPage, turnAway } from './answers.ts';
import { allowRegisteredOrigins } from './cross-origin.ts';
import { routes } from './metrics.ts';
import { serverMetadata } from './server-metadata.ts';

interface AppOptions
  extends CallbackRouteOptions,
    LoginRouteOptions,
    ConsentRouteOptions,
    TokenRouteOptions,
    LinkRouteOptions,
    CheckpointRouteOptions {
  readiness: Readiness;
  log: Logger;
  rates: Rates;
  capacity: number;
  capacityPerAddress: number;
  trustedProxyDepth: number;
  /** Undefined: there is no `/metrics`. */
  metricsToken: string | undefined;
  /** A webhook's secret, by the name of its variable. */
  webhookSecrets: (name: string) => string | undefined;
  /** True in a local deployment only. */
  allowsPlainHttp: boolean;
}

/** What requests pass on their way to a handler, in this order. */
interface Guards {
  rate(perMinute: number): MiddlewareHandler<AppEnv>;
  body(limit: Parameters<typeof receiveBody>[2]): MiddlewareHandler<AppEnv>;
  place(route: string): MiddlewareHandler<AppEnv>;
  /** Last, so that what is turned away leaves no span. */
  trace(pattern: string): MiddlewareHandler<AppEnv>;
}

/** The whole of the callback's HTTP surface. */
export function createApp(options: AppOptions): Hono<AppEnv> {
  const { metrics, capacity, capacityPerAddress } = options;
  const places = createPlaces({ capacity, perAddress: capacityPerAddress });
  const room = createBodyRoom();
  const guards: Guards = {
    rate: (perMinute) => limitRate(perMinute, turnAway),
    body: (limit) => receiveBody(room, metrics, limit),
    place: (route) => enterPlace(places, metrics, route, turnAway),
    trace: (pattern) => traceRequests(options.tracing, pattern),
  };
  const app = new Hono<AppEnv>();
  app.use(requestContext(options.log, options.trustedProxyDepth), observeRequests(metrics, routes));
  app.use(securityHeaders(options.publicUrl.startsWith('https:'), emptyPolicy), limitUrl);
  const { readiness, metricsToken } = options;
  addHealthRoutes(app, { readiness, metrics, metricsToken, places });
  addPublished(app, options);
  addCheckpoints(app, options, guards);
  // Everything from here on uses something up: a login, a code, a token, an attempt of an address.
  app.use(refusePrefetch);
  addLogin(app, options, guards);
  addConsent(app, options, guards);
  addSessions(app, options, guards);
  addWebhook(app, options, guards);
  app.notFound((c) => plainPage(c, 404));
  app.onError((error, c) => answerError(error, c));
  return app;
}

function addLogin(app: Hono<AppEnv>, options: AppOptions, guards: Guards): void {
  const { rates } = options;
  const login = createLoginRoute(options);
  const starts = guards.rate(rates.starts);
  const callback = createCallbackRoute(options);
  const start = '/login/:organization/:provider';
  app.get(start, getOnly, starts, guards.place('login'), guards.trace(start), (c) =>
    login(c, c.req.param('organization'), c.req.param('provider')),
  );
  const authorize = createAuthorizeRoute(options);
  app.get('/authorize', getOnly, starts, guards.place('authorize'), guards.trace('/authorize'), authorize);
  const back = '/callback/:organization/:provider';
  app.get(back, getOnly, guards.rate(rates.callbacks), guards.place('callback'), guards.trace(back), (c) =>
    callback(c, c.req.param('organization'), c.req.param('provider')),
  );
  app.all(start, (c) => methodNotAllowed(c, 'GET'));
  app.all('/authorize', (c) => methodNotAllowed(c, 'GET'));
  app.all(back, (c) => methodNotAllowed(c, 'GET'));
}

/** Counted with the callbacks: each of them leads here at most once. */
function addConsent(app: Hono<AppEnv>, options: AppOptions, guards: Guards): void {
  const path = '/consent/:organization/:provider';
  const consent = createConsentRoute(options);
  app.use(
    path,
    guards.rate(options.rates.callbacks),
    guards.body({ maxSize: longestBody, onError: (c) => plainPage(c, 413) }),
    guards.place('consent'),
    guards.trace(path),
  );
  app.get(path, getOnly, (c) => consent.ask(c, c.req.param('organization'), c.req.param('provider')));
  app.post(path, (c) => consent.answer(c, c.req.param('organization'), c.req.param('provider')));
  app.all(path, (c) => methodNotAllowed(c, 'GET, POST'));
}

function addSessions(app: Hono<AppEnv>, options: AppOptions, guards: Guards): void {
  const { rates, directory, allowsPlainHttp } = options;
  const endpoints = {
    token: createTokenRoute(options),
    link: createLinkRoute(options),
    revoke: createRevokeRoute(options),
  };
  for (const [name, route] of Object.entries(endpoints)) {
    const path = `/${name}`;
    app.use(path, allowRegisteredOrigins(directory, 'POST', allowsPlainHttp));
    app.post(
      path,
      guards.rate(rates.tokens),
      guards.body({ maxSize: longestBody, onError: (c) => c.json({ error: 'invalid_request' }, 413) }),
      guards.place(name),
      guards.trace(path),
      route,
    );
    app.all(path, (c) => methodNotAllowed(c, 'POST'));
  }
}

function addWebhook(app: Hono<AppEnv>, options: AppOptions, guards: Guards): void {
  const path = '/webhooks/:organization/vipps/:secret';
  const revocation = createRevocationRoute(options);
  app.post(
    path,
    guards.rate(options.rates.webhooks),
    requireWebhookSecret(options.webhookSecrets),
    guards.body({ maxSize: longestNotice, onError: (c) => c.body(null, 413) }),
    guards.place('webhook'),
    guards.trace(path),
    (c) => revocation(c, c.req.param('organization')),
  );
  app.all(path, (c) => methodNotAllowed(c, 'POST'));
}

/** What anybody may read of the sealed audit. */
function addCheckpoints(app: Hono<AppEnv>, options: AppOptions, guards: Guards): void {
  const path = '/.well-known/audit-checkpoint';
  const { checkpoint, consistency } = createCheckpointRoutes(options);
  const pass = [getOnly, guards.rate(options.rates.starts), guards.place('checkpoint')] as const;
  app.get(path, ...pass, checkpoint);
  app.get(`${path}/consistency`, ...pass, consistency);
  for (const address of [path, `${path}/consistency`]) app.all(address, (c) => methodNotAllowed(c, 'GET'));
}

/** What anybody may read, and keep for some minutes. */
function addPublished(app: Hono<AppEnv>, { accessTokens, directory, allowsPlainHttp, publicUrl }: AppOptions): void {
  const metadata = serverMetadata(publicUrl);
  const published = {
    'jwks.json': accessTokens.jwks,
    'oauth-authorization-server': metadata,
    'openid-configuration': metadata,
  };
  for (const [name, document] of Object.entries(published)) {
    const path = `/.well-known/${name}`;
    app.use(path, allowRegisteredOrigins(directory, 'GET', allowsPlainHttp));
    app.get(path, (c) => {
      c.header('cache-control', 'public, max-age=300');
      return c.json(document);
    });
  }
}
