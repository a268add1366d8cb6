import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Hono } from 'hono';
import { test } from 'vitest';
import { listen } from '../../runtime/http/listen.ts';
import { closeServer, createHttpServer } from '../../runtime/http/server.ts';

/** One request; rejects when the connection breaks before the answer is there. */
async function ask(port: number, agent: Agent): Promise<{ body: string; isLast: boolean }> {
  const sent = request({ port, host: '127.0.0.1', agent }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let body = '';
  for await (const part of response) body += part;
  return { body, isLast: response.headers.connection === 'close' };
}

const CLIENTS = 8;

// As a load balancer does: connections are kept and used again at once, until an answer says that it was the last one.
test('a server that stops under load loses no request, and does not wait for whoever keeps connections', async () => {
  const app = new Hono();
  app.get('/', async (c) => {
    await pause(20);
    return c.text('answered');
  });
  const server = createHttpServer(app);
  await listen(server, '127.0.0.1', 0);
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  let answers = 0;
  const clients = Array.from({ length: CLIENTS }, async () => {
    for (;;) {
      const { body, isLast } = await ask(port, agent);
      assert.equal(body, 'answered');
      answers += 1;
      if (isLast) return;
    }
  });
  const left = Promise.all(clients);
  while (answers < 50) await pause(10);
  await Promise.all([left, closeServer(server, 60_000)]);
  agent.destroy();
});

test('a request that was under way when the server stopped is answered', async () => {
  const app = new Hono();
  const arrived = Promise.withResolvers<void>();
  const mayAnswer = Promise.withResolvers<void>();
  app.get('/', async (c) => {
    arrived.resolve();
    await mayAnswer.promise;
    return c.text('late');
  });
  const server = createHttpServer(app);
  await listen(server, '127.0.0.1', 0);
  const agent = new Agent({ keepAlive: true });
  const answer = ask((server.address() as AddressInfo).port, agent);
  await arrived.promise;
  const closing = closeServer(server, 60_000);
  while (server.listening) await pause(20);
  mayAnswer.resolve();
  assert.equal((await answer).body, 'late');
  agent.destroy();
  await closing;
});
