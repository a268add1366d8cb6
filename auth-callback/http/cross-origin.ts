import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import type { AppEnv } from '../../runtime/http/request-context.ts';
import { DatabaseBudget } from '../database/database-budget.ts';
import type { ProviderDirectory } from '../provider/provider-directory.ts';
import { registeredAddresses } from '../provider/provider-row.ts';

/**
 * Lets scripts of registered web apps read the answers of `/token`, `/link`, `/revoke`, of the metadata and of the key set, and nobody else's. The origins are
 * those of the registered return addresses; native apps send no origin and need none of this. Credentials are not
 * allowed along: nothing here is decided by a cookie.
 *
 * @param allowsPlainHttp true in a local deployment only
 */
export function allowRegisteredOrigins(
  directory: ProviderDirectory,
  method: string,
  allowsPlainHttp: boolean,
): MiddlewareHandler<AppEnv> {
  const schemes = allowsPlainHttp ? ['https:', 'http:'] : ['https:'];

  async function isRegistered(origin: string): Promise<boolean> {
    const rows = await directory.rows(new DatabaseBudget()).catch(() => []);
    return rows.some((row) =>
      registeredAddresses(row).some((address) => {
        const url = URL.parse(address);
        return url !== null && schemes.includes(url.protocol) && url.origin === origin;
      }),
    );
  }

  return cors({
    async origin(origin, c) {
      if (origin === '' || !(await isRegistered(origin))) return null;
      c.header('cross-origin-resource-policy', 'cross-origin');
      return origin;
    },
    allowMethods: [method],
    allowHeaders: ['content-type', 'authorization'],
    maxAge: 600,
  });
}
