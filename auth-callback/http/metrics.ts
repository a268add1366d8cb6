import type { MiddlewareHandler } from 'hono';
import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import type { AppEnv } from './request-context.ts';

/** Whose share of the places was used up, see `places.ts`; `places`: there was none left at all. */
export type Share = 'places' | 'route' | 'provider' | 'address';

/** What an operator can count. Labels come from our own rows and codes only: nothing of a person, and bounded. */
export interface Metrics {
  request(labels: { route: string; method: string; status: number }, seconds: number): void;
  /** A login that came to an end, or to the question for consent. */
  login(labels: { organization: string; provider: string; outcome: string; answer: string }): void;
  /** A start that did not get as far as the provider. */
  refusedStart(labels: { organization: string; provider: string; answer: string }): void;
  webhook(labels: { organization: string; reading: string }): void;
  /** A request that did not get what it needed: a place, its share of them, or time for its body. */
  turnedAway(labels: { share: Share | 'body' }): void;
  /** Prometheus' text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** Seconds, from an answer out of memory to a login that waits for a slow provider. */
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** @param withProcess also memory, CPU, event loop and the like of this process */
export function createMetrics({ withProcess }: { withProcess: boolean }): Metrics {
  const registry = new Registry();
  if (withProcess) collectDefaultMetrics({ register: registry });
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Counter({ name: `auth_callback_${name}`, help, labelNames, registers: [registry] });
  const requests = new Histogram({
    name: 'auth_callback_request_duration_seconds',
    help: 'Requests by route, method and status, and how long they took.',
    labelNames: ['route', 'method', 'status'],
    buckets,
    registers: [registry],
  });
  const logins = counter('logins_total', 'Logins by outcome, and by what the app was answered.', [
    'organization',
    'provider',
    'outcome',
    'answer',
  ]);
  const refused = counter('refused_starts_total', 'Starts that did not get as far as the provider.', [
    'organization',
    'provider',
    'answer',
  ]);
  const webhooks = counter('webhooks_total', 'Notices of providers.', ['organization', 'reading']);
  const turnedAway = counter(
    'turned_away_total',
    'Requests for which there was no place, by whose share was used up.',
    ['share'],
  );
  return {
    request: (labels, seconds) => requests.observe(labels, seconds),
    login: (labels) => logins.inc(labels),
    refusedStart: (labels) => refused.inc(labels),
    webhook: (labels) => webhooks.inc(labels),
    turnedAway: (labels) => turnedAway.inc(labels),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

const routes = new Set([
  'login',
  'callback',
  'consent',
  'token',
  'link',
  'webhooks',
  '.well-known',
  'livez',
  'readyz',
  'metrics',
]);
const methods = new Set(['GET', 'HEAD', 'POST', 'OPTIONS']);

/** Counts and times every request by the first part of its path; what is not ours is `other`, lest anybody invent labels. */
export function observeRequests(metrics: Metrics): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const startedAt = performance.now();
    await next();
    const first = c.req.path.split('/')[1] ?? '';
    const route = routes.has(first) ? first : 'other';
    const method = methods.has(c.req.method) ? c.req.method : 'other';
    metrics.request({ route, method, status: c.res.status }, (performance.now() - startedAt) / 1000);
  };
}
