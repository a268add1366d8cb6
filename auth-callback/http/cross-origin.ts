import type { MiddlewareHandler } from 'hono';
import { DatabaseBudget } from '../database/database-budget.ts';
import type { ProviderDirectory } from '../provider/provider-directory.ts';
import type { ProviderRow } from '../provider/provider-row.ts';
import type { AppEnv } from './request-context.ts';

/**
 * Lets scripts of registered web apps read the answers of `/token`, `/link` and of the key set, and nobody else's. The origins are
 * those of the registered return addresses; native apps send no origin and need none of this. Credentials are not
 * allowed along: nothing here is decided by a cookie.
 *
 * @param allowsPlainHttp true in a local deployment only
 */
export function allowRegisteredOrigins(
  directory: ProviderDirectory,
  methods: string,
  allowsPlainHttp: boolean,
): MiddlewareHandler<AppEnv> {
  const schemes = allowsPlainHttp ? ['https:', 'http:'] : ['https:'];
  return async (c, next) => {
    const origin = c.req.header('origin');
    const preflight = c.req.method === 'OPTIONS';
    const rows = origin === undefined ? [] : await directory.rows(new DatabaseBudget()).catch(() => []);
    const allowed = origin !== undefined && rows.some((row) => returnsTo(row, origin, schemes));
    if (preflight) c.res = new Response(null, { status: 204 });
    else await next();
    c.res.headers.append('vary', 'Origin');
    if (!allowed) return;
    c.res.headers.set('access-control-allow-origin', origin);
    c.res.headers.set('cross-origin-resource-policy', 'cross-origin');
    if (!preflight) return;
    c.res.headers.set('access-control-allow-methods', methods);
    c.res.headers.set('access-control-allow-headers', 'content-type, authorization');
    c.res.headers.set('access-control-max-age', '600');
  };
}

function returnsTo(row: ProviderRow, origin: string, schemes: string[]): boolean {
  return row.returnTo.some((address) => {
    const url = URL.parse(address);
    return url !== null && schemes.includes(url.protocol) && url.origin === origin;
  });
}
