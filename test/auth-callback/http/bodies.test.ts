import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'vitest';
import { createBodyRoom } from '../../../runtime/http/bodies.ts';
import { logIn, token } from '../support/browser.ts';
import { startWorld } from '../support/world.ts';

const never = () => new Promise<never>(() => undefined);

test('a body that is there in time is received, one that is not is late', async () => {
  const room = createBodyRoom({ timeMs: 20 });
  assert.equal(await room.wait('a', Promise.resolve('body')), 'body');
  assert.equal(await room.wait('a', never()), 'late');
  await assert.rejects(room.wait('a', Promise.reject(new Error('broken'))), /broken/);
});

test('where there is no room, the oldest of the address that has most makes room for whoever comes', async () => {
  const room = createBodyRoom({ timeMs: 60_000, most: 4 });
  const end = Promise.withResolvers<string>();
  const ends: string[] = [];
  const wait = (address: string, name: string, receiving: Promise<string> = end.promise) =>
    room.wait(address, receiving).then((how) => void ends.push(`${name}: ${how}`));
  const modest = Promise.withResolvers<string>();
  const waiting = [wait('modest', 'modest', modest.promise)];
  for (const name of ['1', '2', '3']) waiting.push(wait('greedy', name));
  const newcomer = wait('modest', 'newcomer', Promise.resolve('body'));
  await newcomer;
  assert.deepEqual(ends.sort(), ['1: crowded_out', 'newcomer: body']);
  modest.resolve('body');
  await waiting[0];
  // Its place is free now: nobody else is shown out.
  waiting.push(wait('greedy', '4'), wait('greedy', '5'));
  await new Promise(setImmediate);
  assert.deepEqual(ends.sort(), ['1: crowded_out', 'modest: body', 'newcomer: body']);
  end.resolve('in the end');
  await Promise.all(waiting);
});

/** A request whose body never comes whole. */
async function drip(url: string, path: string, chunked: boolean): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const length = chunked ? 'transfer-encoding: chunked' : 'content-length: 1000';
  socket.write(
    `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n${length}\r\n\r\n` +
      (chunked ? '1\r\ng\r\n' : 'g'),
  );
  return socket;
}

test('many more slow bodies than there are places keep nobody from logging in, whatever they are sent to', async () => {
  const slug = 'drips';
  await using world = await startWorld({
    organization: { slug },
    environment: { MAX_CONCURRENT_REQUESTS: '4', OIDC_WEBHOOK_SECRET_DRIPS: 'a-secret-of-the-test' },
  });
  const paths = ['/token', '/link', `/consent/${slug}/vipps`, `/webhooks/${slug}/vipps/a-secret-of-the-test`];
  const sockets = await Promise.all(
    paths.flatMap((path) => Array.from({ length: 20 }, (_, nth) => drip(world.url, path, nth % 2 === 0))),
  );
  try {
    // Later connections are accepted later: when this one is answered, all of the above have been taken in.
    assert.equal((await token(world, {})).status, 400);
    const login = await logIn(world);
    assert.equal(login.error, null);
    const form = { grant_type: 'authorization_code', code: login.code ?? '', code_verifier: login.codeVerifier };
    assert.equal((await token(world, form)).status, 200);
    assert.deepEqual(await (await fetch(`${world.url}/readyz`)).json(), { status: 'ready' });
    assert.ok(sockets.every((socket) => !socket.destroyed));
  } finally {
    for (const socket of sockets) socket.destroy();
  }
});

test('a body that does not come whole is answered 408, and its connection is closed', async () => {
  await using world = await startWorld();
  const answers = await Promise.all(
    [true, false].map(async (chunked) => {
      const socket = await drip(world.url, '/token', chunked);
      let text = '';
      socket.on('data', (data) => (text += data));
      await once(socket, 'close');
      return text;
    }),
  );
  for (const answer of answers) assert.match(answer, /^HTTP\/1\.1 408 /);
});
