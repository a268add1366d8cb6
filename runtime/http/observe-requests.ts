import type { MiddlewareHandler } from 'hono';
import type { AppEnv } from './request-context.ts';

/** Requests as an operator counts them, and Prometheus' text of all that is counted. */
export interface RequestMetrics {
  request(labels: { route: string; method: string; status: number }, seconds: number): void;
  /** Prometheus' text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** Buckets in seconds, from an answer out of memory to one that waits for somebody slow. */
export const requestSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const methods = new Set(['GET', 'HEAD', 'POST', 'OPTIONS']);

/**
 * Counts and times every request by the first part of its path; what is not ours is `other`, lest anybody invent labels.
 *
 * @param routes the first parts that are ours
 */
export function observeRequests(metrics: RequestMetrics, routes: ReadonlySet<string>): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const startedAt = performance.now();
    await next();
    const first = c.req.path.split('/')[1] ?? '';
    const route = routes.has(first) ? first : 'other';
    const method = methods.has(c.req.method) ? c.req.method : 'other';
    metrics.request({ route, method, status: c.res.status }, (performance.now() - startedAt) / 1000);
  };
}
