import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A member system that says yes to everything, at once. */
export type Sink = {
  url: string;
  /** When each request came, in milliseconds, with its idempotency key. */
  seen: { at: number; key: string }[];
  /** While true, requests are taken and never answered. */
  hang: boolean;
  /** Resolves when so many requests have come. */
  reached(count: number): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

export async function startSink(): Promise<Sink> {
  const waiting: { count: number; done: () => void }[] = [];
  const server = createServer((request, response) => {
    request.resume().once('end', () => {
      sink.seen.push({ at: performance.now(), key: String(request.headers['idempotency-key']) });
      for (const each of waiting) if (sink.seen.length >= each.count) each.done();
      if (!sink.hang) response.writeHead(204).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sink: Sink = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen: [],
    hang: false,
    reached: (count) => new Promise((done) => (sink.seen.length >= count ? done() : waiting.push({ count, done }))),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
  return sink;
}
