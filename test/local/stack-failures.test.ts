import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { isRunning } from '../../local/is-running.ts';
import { runLocal } from '../support/start-stack.ts';
import { until } from '../support/until.ts';

test('a program that ends by itself stops the stack with a message that names its log', async () => {
  const program = runLocal('start');
  await program.says(/Click here/);
  const { pids } = program.stack();
  // To the callback this is an order to stop, which it obeys; to the stack it is a callback that went away.
  process.kill(pids.callback ?? 0, 'SIGTERM');
  assert.equal(await program.ended, 1);
  assert.match(program.output(), /callback ended with exit code 0; see .*callback\.log/);
  assert.deepEqual(Object.values(pids).filter(isRunning), []);
});

test('a killed stack leaves nothing running, and the next one starts in what it left', async () => {
  const killed = runLocal('start');
  await killed.says(/Click here/);
  const { pids } = killed.stack();
  killed.process.kill('SIGKILL');
  await killed.ended;
  await until('all parts to be gone', () => Object.values(pids).every((pid) => !isRunning(pid)));
  assert.ok(existsSync(join(killed.folder, 'stack.json')), 'nobody was left to remove it');

  const next = runLocal('start', killed.folder);
  await next.says(/Click here/);
  next.process.kill('SIGTERM');
  assert.equal(await next.ended, 0);
});

test('Ctrl-C while it is still starting stops it too', async () => {
  const program = runLocal('start');
  await until('a sign of life', () => existsSync(join(program.folder, 'logs', 'postgres.log')));
  program.process.kill('SIGINT');
  assert.equal(await program.ended, 0);
  assert.ok(!existsSync(join(program.folder, 'stack.pid')));
  await until('the database to be gone', () => !execFileSync('ps', ['-eo', 'args']).includes(program.folder));
});

test('the demo shows every login, and all come out as expected', async () => {
  const demo = runLocal('demo');
  assert.equal(await demo.ended, 0, demo.output());
  assert.match(demo.output(), /88 logins, all as expected/);
  assert.match(demo.output(), /hlf-filled .* logged in .* HLF-1000: [0-9]{6}\*{5} \(attempt [2-9]\)/);
  assert.match(demo.output(), /nhf-bankid-filled .* logged in .* NHF-2000: [0-9]{6}\*{5}/);
  assert.match(demo.output(), /hlf-idporten-inactive-token .* refused +refused .* login_failed/);
  assert.match(demo.output(), /the webhook answers 204; audit: Consent was withdrawn/);
  assert.ok(!/[0-9]{11}/.test(demo.output()));
});
