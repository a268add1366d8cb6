import { createMiddleware } from 'hono/factory';
import type { Metrics } from './metrics.ts';
import type { AppEnv } from './request-context.ts';

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
export function observeRequests(metrics: Metrics) {
  return createMiddleware<AppEnv>(async (c, next) => {
    const startedAt = performance.now();
    await next();
    const first = c.req.path.split('/')[1] ?? '';
    const route = routes.has(first) ? first : 'other';
    const method = methods.has(c.req.method) ? c.req.method : 'other';
    metrics.request({ route, method, status: c.res.status }, (performance.now() - startedAt) / 1000);
  });
}
