import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished, test } from 'vitest';
import { findFreePort } from '../../local/free-port.ts';
import { startProgram } from '../../local/program.ts';

const run = promisify(execFile);
const module = resolve(import.meta.dirname, '../../local/free-port.ts');

test('a port is not one that the system gives to somebody else before the program listens on it', async () => {
  // Linux hands out 32768 to 60999 by itself, macOS and Windows 49152 and above: to connections, and to "any port".
  for (let nth = 0; nth < 20; nth += 1) {
    const port = await findFreePort();
    assert.ok(port >= 1024 && port < 32_768, String(port));
  }
});

test('no two processes are given the same port, however many look at the same moment', async () => {
  const script = `
    import { findFreePort } from ${JSON.stringify(module)};
    const ports = [];
    for (let nth = 0; nth < 70; nth += 1) ports.push(await findFreePort());
    console.log(JSON.stringify(ports));
    // Keeps what it was given until all have looked.
    process.stdin.resume();`;
  const children = [1, 2, 3].map(() => {
    const promise = run(process.execPath, ['--input-type=module', '--eval', script]);
    const { stdout, stdin } = promise.child;
    return { promise, said: once(stdout ?? assert.fail(), 'data'), end: () => stdin?.end() };
  });
  const said = await Promise.all(children.map(({ said }) => said));
  for (const { end } of children) end();
  await Promise.all(children.map(({ promise }) => promise));
  const ports = said.flatMap(([text]) => JSON.parse(String(text)) as number[]);
  assert.equal(ports.length, 210);
  assert.equal(new Set(ports).size, 210);
});

test('a preferred port is given when nobody listens on it, otherwise another', async () => {
  const wanted = await findFreePort();
  assert.equal(await findFreePort(wanted), wanted);
  const server = createServer().listen(wanted, '127.0.0.1');
  await once(server, 'listening');
  assert.notEqual(await findFreePort(wanted), wanted);
  server.close();
});

test('a program that ends before it is ready is reported with what it said last', async () => {
  const folder = mkdtempSync(join(os.tmpdir(), 'personnummer-sync-program-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const program = startProgram({
    name: 'sample',
    command: process.execPath,
    arguments: ['--eval', 'console.error("the port is taken"); process.exitCode = 3;'],
    environment: {},
    logFile: join(folder, 'sample.log'),
    readyUrl: 'http://127.0.0.1:9/',
  });
  await assert.rejects(program, (error: Error) => {
    assert.match(error.message, /^sample did not start: ended with exit code 3/);
    assert.match(error.message, /the port is taken/);
    return true;
  });
});
