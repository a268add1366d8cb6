import { Hono } from 'hono';
import { csrf } from 'hono/csrf';
import { HTTPException } from 'hono/http-exception';
import { createBodyRoom, receiveBody } from '../../runtime/http/bodies.ts';
import { addHealthRoutes } from '../../runtime/http/health-routes.ts';
import { observeRequests } from '../../runtime/http/observe-requests.ts';
import { createPlaces, enterPlace } from '../../runtime/http/places.ts';
import { limitRate, limitUrl, refusePrefetch, securityHeaders } from '../../runtime/http/protection.ts';
import type { Readiness } from '../../runtime/http/readiness.ts';
import { type AppEnv, requestContext } from '../../runtime/http/request-context.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { ApiConnector } from '../api/connect.ts';
import type { DeskConfig } from '../config.ts';
import { addPages } from '../pages/pages.ts';
import { createBrowserSession } from '../session/browser-session.ts';
import type { Drafts } from '../session/drafts.ts';
import { createLanguageRoute, readLanguage } from '../session/language-route.ts';
import { requireSession } from '../session/require-session.ts';
import { addSignIn, type SignInRouteOptions } from '../session/sign-in-routes.ts';
import { answerError, errorPage, turnAway } from './answers.ts';
import { addAssets } from './asset-route.ts';
import type { Assets } from './assets.ts';
import type { DeskContext, DeskEnv } from './desk-context.ts';
import { longestForm } from './limits.ts';

type Limits = Pick<
  DeskConfig,
  'deskUrl' | 'organizations' | 'rate' | 'capacity' | 'capacityPerAddress' | 'trustedProxyDepth' | 'metricsToken'
>;

interface AppOptions extends Limits, SignInRouteOptions {
  api: ApiConnector;
  readiness: Readiness;
  log: Logger;
  assets: Assets;
  drafts: Drafts;
}

/** The first parts of paths that requests are counted by. */
const routes = new Set([
  '',
  'cases',
  'settled',
  'approvals',
  'members',
  'erasures',
  'logins',
  'deliveries',
  'systems',
  'files',
  'worklist',
  'quality',
  'grants',
  'invoices',
  'help',
  'sign-in',
  'signed-in',
  'sign-out',
  'language',
  'assets',
  'livez',
  'readyz',
  'metrics',
]);

/** Everything from ourselves; icons of Designsystemet are data in its style sheet. No script: a page that has one says so itself. */
const policy = {
  defaultSrc: ["'none'"],
  styleSrc: ["'self'"],
  fontSrc: ["'self'"],
  imgSrc: ["'self'", 'data:'],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
  baseUri: ["'none'"],
};

/** The whole of the desk's HTTP surface, in the order that a request passes it. */
export function createApp(options: AppOptions): Hono<DeskEnv> {
  const {
    metrics,
    readiness,
    metricsToken,
    capacity,
    capacityPerAddress,
    rate,
    log,
    trustedProxyDepth,
    assets,
    drafts,
    api,
  } = options;
  const places = createPlaces({ capacity, perAddress: capacityPerAddress });
  const app = new Hono<DeskEnv>();
  app.use(requestContext(log, trustedProxyDepth), observeRequests(metrics, routes));
  app.use(securityHeaders(options.deskUrl.startsWith('https:'), policy), limitUrl);
  addHealthRoutes(app as unknown as Hono<AppEnv>, { readiness, metrics, metricsToken, places });
  app.use(readLanguage, async (c, next) => {
    c.set('assets', assets);
    c.set('drafts', drafts);
    await next();
  });
  addAssets(app, assets);
  const tooLarge = (c: unknown) => errorPage(c as DeskContext, 413, 'tooLarge');
  app.use(refusePrefetch, limitRate(rate, turnAway));
  // A form is taken from our own pages only, whatever cookies come with it.
  app.use(csrf({ origin: new URL(options.deskUrl).origin, secFetchSite: 'same-origin' }));
  app.use(receiveBody(createBodyRoom(), metrics, { maxSize: longestForm, onError: tooLarge }));
  app.use(enterPlace(places, metrics, 'page', turnAway));
  addSignIn(app, options);
  const browserSession = createBrowserSession(options);
  app.post('/language', createLanguageRoute({ browserSession, api }));
  app.use(requireSession({ ...options, browserSession }));
  addPages(app);
  app.notFound((c) => errorPage(c, 404, 'notFound'));
  app.onError((error, c) => (isForeignForm(error) ? errorPage(c, 403, 'foreign') : answerError(error, c)));
  return app;
}

function isForeignForm(error: Error): boolean {
  return error instanceof HTTPException && error.status === 403;
}
