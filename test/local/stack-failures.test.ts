import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { isRunning } from '../../local/is-running.ts';
import { type LocalProgram, runLocal } from '../support/start-stack.ts';
import { until } from '../support/until.ts';

const kept = ['callback', 'worker', 'postgrest', 'identity-provider', 'member-system'];

test('a killed stack leaves nothing running, and the next one starts in what it left, keeps its programs alive, and stops when its PostgreSQL does (SIGTERM)', async () => {
  const killed = runLocal('start');
  await killed.says(/Click here/);
  const { pids } = killed.stack();
  killed.process.kill('SIGKILL');
  await killed.ended;
  await until('all parts to be gone', () => Object.values(pids).every((pid) => !isRunning(pid)));
  assert.ok(existsSync(join(killed.folder, 'stack.json')), 'nobody was left to remove it');

  const program = runLocal('start', killed.folder);
  await program.says(/Click here/);
  const untouched = program.stack().pids;
  // Each program obeys the first one in its own way: Node's end with exit code 0, PostgREST as if by SIGINT.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGKILL'] as const) {
    const before = program.stack().pids;
    for (const name of kept) process.kill(before[name] ?? 0, signal);
    for (const name of kept) {
      await until(`another ${name} after ${signal}`, () => program.stack().pids[name] !== before[name], 60_000);
    }
  }
  assert.equal(program.stack().pids.postgres, untouched.postgres);
  for (const name of kept) assert.ok(isRunning(program.stack().pids[name] ?? 0), name);
  assert.equal((await fetch(`${program.stack().callbackUrl}/readyz`)).status, 200);
  assert.match(program.output(), /callback ended \(exit code 0\) and is started again/);
  await losePostgres(program, 'SIGTERM');
});

/** Without its database a stack stops, and says where that one's log is. */
async function losePostgres(program: LocalProgram, signal: NodeJS.Signals): Promise<void> {
  const { pids } = program.stack();
  process.kill(pids.postgres ?? 0, signal);
  assert.equal(await program.ended, 1);
  assert.match(program.output(), /postgres ended with .*; see .*postgres\.log/);
  assert.deepEqual(Object.values(pids).filter(isRunning), []);
}

test('without PostgreSQL (SIGKILL) the stack stops, and says where its log is', async () => {
  const program = runLocal('start');
  await program.says(/Click here/);
  await losePostgres(program, 'SIGKILL');
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
