import { once } from 'node:events';
import { createServer, type Server } from 'node:http';

/** What the answers depend on. */
export interface HealthOptions {
  readonly host: string;
  readonly port: number;
  /** Whether the worker can take jobs now. Must answer soon; a failure counts as no. */
  ready(): Promise<boolean>;
}

async function status(path: string | undefined, options: HealthOptions): Promise<number> {
  if (path === '/livez') return 200;
  if (path !== '/readyz') return 404;
  return (await options.ready().catch(() => false)) ? 200 : 503;
}

/**
 * Answers `GET /livez` (the process runs) and `GET /readyz` (it reaches the database and takes jobs).
 *
 * @returns the listening server
 */
export async function startHealth(options: HealthOptions): Promise<Server> {
  const server = createServer((request, response) => {
    void status(request.method === 'GET' ? request.url : undefined, options).then((code) => {
      response.writeHead(code, { 'content-type': 'text/plain', 'cache-control': 'no-store' });
      response.end(code === 200 ? 'ok\n' : 'no\n');
    });
  });
  server.headersTimeout = 5_000;
  server.requestTimeout = 5_000;
  server.listen(options.port, options.host);
  await once(server, 'listening');
  return server;
}
