import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import pg from 'pg';
import { test } from 'vitest';
import { createLogger } from '../../runtime/logger.ts';
import { askWhenAccepted, createSignIn } from '../../runtime/sign-in.ts';

/** A server that is asked, a clock, and what is logged. */
function createScene() {
  const scene = { now: 0, lines: [] as string[], asked: 0, atOnce: 0, most: 0 };
  const destination = { write: (line: string) => void scene.lines.push(line) };
  const signIn = createSignIn(createLogger({ name: 'test', level: 'debug', destination }), () => scene.now);
  const sign = (answer: () => unknown = () => undefined, signal = new AbortController().signal) =>
    signIn.run('sync_worker', signal, async () => {
      scene.asked += 1;
      scene.most = Math.max(scene.most, ++scene.atOnce);
      await turn();
      scene.atOnce -= 1;
      return answer();
    });
  return Object.assign(scene, {
    signIn,
    sign,
    refused: () =>
      sign(() => {
        throw refusal('28P01');
      }),
    told: (event: string) => scene.lines.filter((line) => line.includes(`"${event}"`)).length,
  });
}

const refusal = (code: string, message = 'password authentication failed for user "sync_worker"') =>
  Object.assign(new pg.DatabaseError(message, message.length, 'error'), { code });

const paused = { name: 'SignInPausedError', code: 'database_sign_in_paused' };

test('one signs in at a time until the password is accepted, then three', async () => {
  const scene = createScene();
  await Promise.all(Array.from({ length: 3 }, () => scene.sign()));
  assert.equal(scene.most, 2, 'the first one alone, then the two that were left');
  scene.most = 0;
  await Promise.all(Array.from({ length: 12 }, () => scene.sign()));
  assert.equal(scene.most, 3);
  assert.equal(scene.asked, 15);
});

test('after a refusal the server is asked once in a minute, in two, in four, and in four; the log says it once', async () => {
  const scene = createScene();
  const all = await Promise.allSettled(Array.from({ length: 12 }, () => scene.refused()));
  assert.equal(scene.asked, 1);
  const reasons = all.map((each) => (each.status === 'rejected' ? each.reason.code : each.status));
  assert.deepEqual(reasons, ['28P01', ...Array.from({ length: 11 }, () => 'database_sign_in_paused')]);
  for (const seconds of [60, 120, 240, 240]) {
    const asked: number = scene.asked;
    scene.now += seconds * 1_000 - 1;
    await assert.rejects(scene.refused(), paused);
    assert.equal(scene.signIn.pausedMs(), 1);
    scene.now += 1;
    await Promise.allSettled([scene.refused(), scene.refused()]);
    assert.equal(scene.asked, asked + 1);
  }
  assert.equal(scene.told('database_sign_in_refused'), 1);
  const line = JSON.parse(scene.lines[0] ?? '');
  assert.deepEqual([line.level, line.user, line.code, line.retry_in_seconds], ['error', 'sync_worker', '28P01', 60]);

  scene.now += 240_000;
  await scene.sign();
  assert.equal(scene.told('database_sign_in_accepted'), 1);
  assert.equal(scene.signIn.pausedMs(), 0);
  await assert.rejects(scene.refused(), { code: '28P01' });
  scene.now += 60_000;
  await scene.sign();
  assert.equal(scene.told('database_sign_in_refused'), 2, 'another time is told again, and begins with a minute');
});

test('three that are refused together are one refusal', async () => {
  const scene = createScene();
  await scene.sign();
  await Promise.allSettled(Array.from({ length: 3 }, () => scene.refused()));
  assert.equal(scene.asked, 4);
  assert.equal(scene.signIn.pausedMs(), 60_000);
});

test('what a pooler says of users, projects and too many refusals is a refusal; a server that is away or full is not', async () => {
  const cases: [Error, boolean][] = [
    [refusal('28000'), true],
    [refusal('XX000', '(ENOTFOUND) tenant/user sync_worker.abc not found'), true],
    [refusal('XX000', 'Tenant or user not found'), true],
    [refusal('XX000', '(ECIRCUITBREAKER) too many authentication errors'), true],
    [refusal('XX000', 'could not read block 1'), false],
    [refusal('53300', 'sorry, too many clients already'), false],
    [refusal('57P03', 'the database system is starting up'), false],
    [Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }), false],
  ];
  for (const [error, pauses] of cases) {
    const scene = createScene();
    await assert.rejects(
      scene.sign(() => {
        throw error;
      }),
      error,
    );
    assert.equal(scene.signIn.pausedMs() > 0, pauses, error.message);
  }
});

test('who gives up while waiting asks nothing, and keeps nobody else from it', async () => {
  const scene = createScene();
  const giveUp = new AbortController();
  const first = scene.sign();
  const second = scene.sign(undefined, giveUp.signal);
  const third = scene.sign();
  giveUp.abort(new Error('waited long enough'));
  await assert.rejects(second, /waited long enough/);
  await Promise.all([first, third]);
  assert.equal(scene.asked, 2);
});

test('what a program asks first waits while the password is refused, and fails at once for any other reason', async () => {
  const scene = createScene();
  const waited: number[] = [];
  const wait = async (ms: number) => {
    waited.push(ms);
    scene.now += ms;
  };
  let times = 0;
  const answer = await askWhenAccepted(
    scene.signIn,
    () => (++times < 3 ? scene.refused() : scene.sign(() => 'accepted')),
    wait,
  );
  assert.equal(answer, 'accepted');
  assert.deepEqual(waited, [60_000, 120_000]);
  await assert.rejects(
    askWhenAccepted(scene.signIn, () => Promise.reject(new Error('away')), wait),
    /away/,
  );
  assert.equal(waited.length, 2);
});

test('once the password was accepted, sign-ins that hang keep nobody else waiting for longer than a second', async () => {
  const scene = createScene();
  await scene.sign();
  const hanging = Promise.withResolvers<void>();
  const three = Array.from({ length: 3 }, () => scene.sign(() => hanging.promise));
  const began = performance.now();
  await scene.sign();
  assert.ok(performance.now() - began >= 990, 'they had their time');
  hanging.resolve();
  await Promise.all(three);
});
