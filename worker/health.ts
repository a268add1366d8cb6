import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';

/** What the answers depend on. */
export interface HealthOptions {
  readonly host: string;
  readonly port: number;
  /** Whether the worker can take jobs now. Must answer soon; a failure counts as no. */
  ready(): Promise<boolean>;
  readonly metrics: { text(): Promise<string>; readonly contentType: string };
}

function respond(response: ServerResponse, status: number, body: string, type = 'text/plain'): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(body);
}

async function answer(path: string | undefined, options: HealthOptions, response: ServerResponse): Promise<void> {
  switch (path) {
    case '/livez':
      return respond(response, 200, 'ok\n');
    case '/readyz': {
      const ready = await options.ready().catch(() => false);
      return respond(response, ready ? 200 : 503, ready ? 'ok\n' : 'no\n');
    }
    case '/metrics': {
      const text = await options.metrics.text().catch(() => null);
      return text === null ? respond(response, 503, 'no\n') : respond(response, 200, text, options.metrics.contentType);
    }
    default:
      return respond(response, 404, 'no\n');
  }
}

/**
 * Answers `GET /livez` (the process runs), `GET /readyz` (it reaches the database and takes jobs) and `GET /metrics`.
 *
 * @returns the listening server
 */
export async function startHealth(options: HealthOptions): Promise<Server> {
  const server = createServer((request, response) => {
    void answer(request.method === 'GET' ? request.url : undefined, options, response);
  });
  server.headersTimeout = 5_000;
  server.requestTimeout = 5_000;
  server.listen(options.port, options.host);
  await once(server, 'listening');
  return server;
}
