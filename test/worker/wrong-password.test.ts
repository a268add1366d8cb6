import assert from 'node:assert/strict';
import { test } from 'vitest';
import { createLogger } from '../../runtime/logger.ts';
import { createSignIn } from '../../runtime/sign-in.ts';
import { createWorker } from '../../worker/create-worker.ts';
import { startCountingProxy } from '../support/counting-proxy.ts';
import { createTestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { settingsFor } from './support/stage/settings.ts';

test('a worker whose password is wrong asks the database once a minute, with all that it does there, and its log says so once', async () => {
  await using db = await createTestDatabase();
  const given = Object.assign(new URL(db.urlFor('sync_worker')), { password: 'mistaken' });
  await using proxy = await startCountingProxy(given.href);
  const lines: string[] = [];
  const log = createLogger({ name: 'worker', level: 'debug', destination: { write: (line) => void lines.push(line) } });
  let now = 0;
  const often = { pollIntervalMs: 20, crontab: '', longestPauseMs: 20, beatEveryMs: 20, sealEveryMs: 20 };
  const config = { ...settingsFor(db).config, databaseUrl: proxy.url };
  const worker = createWorker(config, log, often, { signIn: createSignIn(log, () => now) });
  const failures = () => lines.filter((line) => line.includes('sealing failed')).length;
  const fails = async () => {
    const before = failures();
    await until('it failing five times more', () => failures() >= before + 5);
  };
  try {
    await fails();
    assert.equal(proxy.count(), 1);
    now = 59_999;
    await fails();
    assert.equal(proxy.count(), 1);
    now = 60_000;
    await until('it asking again', () => proxy.count() === 2);
    await fails();
    assert.equal(proxy.count(), 2);
    const told = lines.filter((line) => line.includes('"database_sign_in_refused"'));
    assert.equal(told.length, 1);
    assert.match(told[0] ?? '', /"user":"sync_worker","code":"28P01","retry_in_seconds":60/);
    assert.ok(!lines.some((line) => line.includes('mistaken')));
  } finally {
    await worker.stop();
  }
});
