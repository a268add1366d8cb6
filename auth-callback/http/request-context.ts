import { randomUUID } from 'node:crypto';
import type { HttpBindings } from '@hono/node-server';
import type { Context, MiddlewareHandler } from 'hono';
import type { Logger } from '../../runtime/logger.ts';
import { clientAddress } from './client-address.ts';
import type { Place } from './places.ts';

/** What every handler finds: the node request, a logger bound to this request, and the place that it holds. */
export type AppEnv = {
  Bindings: HttpBindings;
  Variables: {
    requestId: string;
    log: Logger;
    /** Whom the request is counted for. */
    address: string;
    place: Place;
  };
};
export type AppContext = Context<AppEnv>;

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Gives each request an id, and tells it in the answer. One that a proxy sent is taken over only if it is a UUID: anything freer could carry text, or
 * a number, into the log.
 *
 * @param trustedProxyDepth see `clientAddress`
 */
export function requestContext(log: Logger, trustedProxyDepth: number): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const given = c.req.header('x-request-id');
    const requestId = given !== undefined && uuid.test(given) ? given : randomUUID();
    c.set('requestId', requestId);
    c.header('x-request-id', requestId);
    c.set('address', clientAddress(c.env.incoming, c.req.header('x-forwarded-for'), trustedProxyDepth));
    c.set('log', log.child({ correlation_id: requestId }));
    await next();
  };
}
