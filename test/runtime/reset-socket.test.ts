import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { test } from 'vitest';

const HELPER = new URL('../support/reset-socket.ts', import.meta.url).href;

const PROGRAM = `
import { connect, createServer } from 'node:net';
import { resetSocket } from ${JSON.stringify(HELPER)};
const server = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1', () => {
  const socket = connect(server.address().port, '127.0.0.1', () => {
    socket.on('close', () => server.close());
    socket.end('farewell');
    resetSocket(socket);
  });
});`;

test('a process that resets a socket in the middle of its farewell comes to its end', async () => {
  // It would spin for ever with `resetAndDestroy`: the limit is how that shows.
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', PROGRAM], {
    timeout: 20_000,
    killSignal: 'SIGKILL',
  });
  assert.equal(stdout, '');
});
