import { randomUUID } from 'node:crypto';
import type { HttpBindings } from '@hono/node-server';
import type { Context, MiddlewareHandler } from 'hono';
import type { Logger } from '../../runtime/logger.ts';

/** What every handler finds: the node request, and a logger bound to this request. */
export type AppEnv = { Bindings: HttpBindings; Variables: { requestId: string; log: Logger } };
export type AppContext = Context<AppEnv>;

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Gives each request an id, and tells it in the answer. One that a proxy sent is taken over only if it is a UUID: anything freer could carry text, or
 * a number, into the log.
 */
export function requestContext(log: Logger): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const given = c.req.header('x-request-id');
    const requestId = given !== undefined && uuid.test(given) ? given : randomUUID();
    c.set('requestId', requestId);
    c.header('x-request-id', requestId);
    c.set('log', log.child({ correlation_id: requestId }));
    await next();
  };
}
