import type { MiddlewareHandler } from 'hono';
import type { AppEnv } from '../http/request-context.ts';
import type { Tracing } from './tracing.ts';

const methods = new Set(['GET', 'HEAD', 'POST', 'OPTIONS']);

/**
 * A trace for each request of a route. A `traceparent` that came with it is not believed: anybody could tie traces together with it.
 *
 * @param route its pattern, which is all that is told of the path
 */
export function traceRequests(tracing: Tracing, route: string): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const method = methods.has(c.req.method) ? c.req.method : 'other';
    const attributes = { 'http.request.method': method, 'http.route': route };
    await tracing.span({ name: `${method} ${route}`, kind: 'server', parent: null, attributes }, async (span) => {
      await next();
      const { status } = c.res;
      span.set({ 'http.response.status_code': status });
      if (status >= 500) span.fail(String(status));
    });
  };
}
