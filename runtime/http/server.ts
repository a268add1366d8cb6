import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { longestHeaders } from './limits.ts';

/**
 * An HTTP server that does not wait for slow or silent clients: whole headers within 10 s, whole request within 30 s,
 * headers as long as `limits.ts` says. A body has
 * less time, see `bodies.ts`. Not listening yet.
 */
export function createHttpServer(app: { fetch: Parameters<typeof createAdaptorServer>[0]['fetch'] }): Server {
  const server = createAdaptorServer({
    fetch: app.fetch,
    // The adapter's own Request and Response, which become Node's only where somebody looks into them: said outright,
    // because they take the place of the global ones in the whole process, for openid-client and the guarded fetch too.
    overrideGlobalObjects: true,
    serverOptions: {
      maxHeaderSize: longestHeaders,
      headersTimeout: 10_000,
      requestTimeout: 30_000,
      keepAliveTimeout: 5_000,
      connectionsCheckingInterval: 5_000,
    },
  }) as Server;
  server.maxConnections = 10_000;
  return server;
}

/** Takes no new connections, lets the requests under way finish, and cuts off what is left after a while. */
export async function closeServer(server: Server, graceMs = 15_000): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(timer);
}
