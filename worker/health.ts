import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { listen } from '../runtime/http/listen.ts';
import type { Readiness } from '../runtime/http/readiness.ts';
import type { Logger } from '../runtime/logger.ts';

/** What the answers depend on. */
export interface HealthOptions {
  readonly host: string;
  readonly port: number;
  /** Whether the worker can take jobs now. */
  readonly readiness: Readiness;
  readonly metrics: { text(): Promise<string>; readonly contentType: string };
  /** Who shows it may read the metrics from anywhere; null: nobody but this machine may. */
  readonly metricsToken: string | null;
  readonly log: Logger;
}

const thisMachine = /^(127\.|::1$|::ffff:127\.)/;

/** Metrics tell how many members change and which member systems are down: not for everybody who reaches the port. */
function mayReadMetrics({ headers, socket }: IncomingMessage, token: string | null): boolean {
  if (token === null) return thisMachine.test(socket.remoteAddress ?? '');
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(headers.authorization ?? ''), digest(`Bearer ${token}`));
}

function respond(response: ServerResponse, status: number, body: string, type = 'text/plain'): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(body);
}

async function answer(request: IncomingMessage, options: HealthOptions, response: ServerResponse): Promise<void> {
  switch (request.method === 'GET' ? request.url : undefined) {
    case '/livez':
      return respond(response, 200, 'ok\n');
    case '/readyz': {
      const ready = await options.readiness.isReady();
      return respond(response, ready ? 200 : 503, ready ? 'ok\n' : 'no\n');
    }
    case '/metrics': {
      if (!mayReadMetrics(request, options.metricsToken)) {
        if (options.metricsToken !== null) response.setHeader('www-authenticate', 'Bearer');
        return respond(response, options.metricsToken === null ? 403 : 401, 'no\n');
      }
      try {
        return respond(response, 200, await options.metrics.text(), options.metrics.contentType);
      } catch (err) {
        options.log.warn({ event: 'metrics_not_read', err }, 'the metrics could not be read');
        return respond(response, 503, 'no\n');
      }
    }
    default:
      return respond(response, 404, 'no\n');
  }
}

/**
 * Answers `GET /livez` (the process runs), `GET /readyz` (it reaches the database and takes jobs) and `GET /metrics`,
 * the last one only to this machine, or to who shows the token. Not by `runtime/http/health-routes.ts`: its adapter replaces the
 * global `Request` and `Response`, which this process has no other use for, and there is nothing here to be full.
 *
 * @returns the listening server
 */
export async function startHealth(options: HealthOptions): Promise<Server> {
  const server = createServer((request, response) => {
    void answer(request, options, response);
  });
  server.headersTimeout = 5_000;
  server.requestTimeout = 5_000;
  await listen(server, options.host, options.port, 'WORKER_PORT');
  return server;
}
