import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { test } from 'vitest';
import { createCallback } from '../../../auth-callback/callback.ts';
import { readCallbackConfig } from '../../../auth-callback/config.ts';
import { newSecret } from '../../../auth-callback/new-secret.ts';
import { listen } from '../../../runtime/http/listen.ts';
import { closeServer } from '../../../runtime/http/server.ts';
import { createLogger } from '../../../runtime/logger.ts';
import { createPool } from '../../../runtime/pg-pool.ts';
import { createSignIn } from '../../../runtime/sign-in.ts';
import { startCountingProxy } from '../../support/counting-proxy.ts';
import { createTestDatabase } from '../../support/database.ts';
import { environment } from '../support/world.ts';

test('a callback whose password is wrong asks the database once a minute, however many log in, and goes on when it is mended', async () => {
  await using db = await createTestDatabase();
  const role = `mistaken_${randomUUID().slice(0, 8)}`;
  const secret = randomUUID();
  await db.pool.query(`create role ${role} login password 'another'; grant auth_callback to ${role}`);
  const parts = new AsyncDisposableStack();
  try {
    const given = Object.assign(new URL(db.ownerUrl), { username: role, password: secret });
    const proxy = parts.use(await startCountingProxy(given.href));
    const lines: string[] = [];
    const log = createLogger({
      name: 'auth-callback',
      level: 'debug',
      destination: { write: (line) => void lines.push(line) },
    });
    let now = 0;
    const pool = createPool({
      connectionString: proxy.url,
      max: 10,
      applicationName: 'auth-callback',
      log,
      signIn: createSignIn(log, () => now),
    });
    parts.defer(() => pool.end());
    const { server } = await createCallback(readCallbackConfig({ ...environment(proxy.url), PORT: '0' }), pool, log);
    await listen(server, '127.0.0.1', 0);
    parts.defer(() => closeServer(server, 0));
    const { port } = server.address() as AddressInfo;
    /** Many at once. @returns the statuses of the answers */
    const knock = async () => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, () =>
          fetch(`http://127.0.0.1:${port}/token`, {
            method: 'POST',
            body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: newSecret() }),
          }),
        ),
      );
      return new Set(answers.map(({ status }) => status));
    };

    assert.deepEqual(await knock(), new Set([503]));
    now = 59_999;
    await knock();
    assert.equal(proxy.count(), 1);
    now = 60_000;
    assert.deepEqual(await knock(), new Set([503]));
    assert.equal(proxy.count(), 2);
    await db.pool.query(`alter role ${role} password '${secret}'`);
    now = 179_999;
    await knock();
    assert.equal(proxy.count(), 2);
    now = 180_000;
    assert.deepEqual(await knock(), new Set([400]), 'it is asked, and knows no such token');
    assert.ok(proxy.count() > 2);
    const told = (event: string) => lines.filter((line) => line.includes(`"${event}"`));
    assert.equal(told('database_sign_in_refused').length, 1);
    assert.ok(told('database_sign_in_refused')[0]?.includes(`"user":"${role}"`));
    assert.equal(told('database_sign_in_accepted').length, 1);
    assert.ok(!lines.some((line) => line.includes(secret)));
  } finally {
    await parts.disposeAsync();
    await db.pool.query(`drop role ${role}`);
  }
});
