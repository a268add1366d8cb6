import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { HttpBindings } from '@hono/node-server';
import type { Context, MiddlewareHandler } from 'hono';
import type { Logger } from '../logger.ts';

/** What a request holds while it is under way, see `places.ts`. */
export interface Place {
  /** @returns false when the provider has its share already; the place is kept all the same */
  waitFor(issuer: string): boolean;
  leave(): void;
}

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

/** A program's answer to a request that it does not take now: 429 or 503, and the seconds after which it is worth while. */
export type TurnAway = (c: AppContext, status: 429 | 503, seconds: number) => Response | Promise<Response>;

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Gives each request an id, and tells it in the answer. One that a proxy sent is taken over only if it is a UUID: anything freer (as
 * hono's own middleware takes it) could carry a number into the log.
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

/**
 * The address a request is counted under. Each trusted proxy appends the address it saw to X-Forwarded-For, so the one
 * that the outermost of them wrote stands `depth` places from the right; what stands further left is the client's own
 * text and is not believed.
 *
 * @param header X-Forwarded-For, its repetitions joined by commas
 * @param depth trusted proxies; 0 means that the header is ignored
 * @returns an IPv4 address, or the /64 of an IPv6 address, which is what one customer gets
 */
export function clientAddress(request: IncomingMessage, header: string | undefined, depth: number): string {
  return group(forwardedAddress(header, depth) ?? request.socket.remoteAddress ?? 'unknown');
}

/** Undefined when the header does not hold what a request through all the trusted proxies would. */
export function forwardedAddress(header: string | undefined, depth: number): string | undefined {
  if (depth === 0 || header === undefined) return undefined;
  const entry = header.split(',').at(-depth)?.trim() ?? '';
  const bare = entry.replace(/^\[([^\]]+)\](:[0-9]+)?$/, '$1').replace(/^([0-9.]+):[0-9]+$/, '$1');
  return isIP(bare) === 0 ? undefined : bare;
}

function group(address: string): string {
  const mapped = /^::ffff:([0-9.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? [];
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0');
  const groups = [...left, ...zeros, ...right].slice(0, 4).map((each) => Number.parseInt(each, 16).toString(16));
  return `${groups.join(':')}::/64`;
}

/** RFC 6750 section 2.1: the token of an `Authorization: Bearer` header, and of nowhere else. */
export function bearerToken(c: Context): string | undefined {
  return /^bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(c.req.header('authorization') ?? '')?.[1];
}
