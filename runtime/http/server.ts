import type { Server } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
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

/** How long connections that are kept are served while the server stops. */
const LAST_ANSWERS_MS = 1_000;

/**
 * Stops a server without losing a request. For a second everything is served as before, but each answer ends its connection (RFC 9112, 9.6), so
 * that a load balancer that keeps connections goes to another server by itself. Then nothing new is taken, what is under way may finish, and
 * what is left when the time is over is cut off.
 */
export async function closeServer(server: Server, graceMs = 15_000): Promise<void> {
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  if (await hasConnections(server)) {
    server.prependListener('request', (_, response) => response.setHeader('connection', 'close'));
    await pause(Math.min(LAST_ANSWERS_MS, graceMs));
  }
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // Who was answered meanwhile, and had asked before, may keep a connection that nobody uses.
  const idle = setInterval(() => server.closeIdleConnections(), 100);
  await closed;
  clearInterval(idle);
  clearTimeout(timer);
}

function hasConnections(server: Server): Promise<boolean> {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error === null ? resolve(count > 0) : reject(error))),
  );
}
