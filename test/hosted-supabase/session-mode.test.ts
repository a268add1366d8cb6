import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'vitest';
import { keepsSession } from '../../runtime/session-mode.ts';
import { openConnection } from '../../runtime/single-connection.ts';
import { findPgbouncer, startPooler } from '../chaos/pooler.ts';
import { createTestDatabase } from '../support/database.ts';

async function asks(url: string): Promise<boolean> {
  await using client = await openConnection(url, 'test');
  return await keepsSession(client, url);
}

test('a direct connection keeps its session', async () => {
  await using db = await createTestDatabase();
  assert.equal(await asks(db.urlFor('sync_worker')), true);
});

const binary = findPgbouncer();

test.skipIf(binary === undefined)('PgBouncer in transaction mode does not', async () => {
  await using db = await createTestDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'pgbouncer-'));
  const url = new URL(db.urlFor('sync_worker'));
  {
    const users = new Map([['sync_worker', url.password]]);
    await using pooler = await startPooler({ binary: binary ?? '', folder, port: Number(url.port), users });
    assert.equal(await asks(Object.assign(new URL(url), { port: String(pooler.port) }).href), false);
  }
  await rm(folder, { recursive: true });
});
