import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compactDecrypt, exportJWK, generateKeyPair } from 'jose';
import { test } from 'vitest';
import { actAsCallback, addKari } from '../support/acting-callback.ts';
import { bareEnvironment } from '../support/bare-environment.ts';
import { createTestDatabase } from '../support/database.ts';
import { sampleNumbers, testKeys } from '../support/samples.ts';

test('npm run member:export: a file that only the operator reads, the number sealed for whoever asked', async () => {
  await using db = await createTestDatabase();
  const callback = await actAsCallback(db);
  await addKari(db, callback, { external_id: '1234', personnummer: sampleNumbers[0] });
  const folder = mkdtempSync(join(tmpdir(), 'export-'));
  const { publicKey, privateKey } = await generateKeyPair('ECDH-ES', { crv: 'X25519', extractable: true });
  const key = join(folder, 'key.jwk');
  writeFileSync(key, JSON.stringify({ ...(await exportJWK(publicKey)), kid: 'mine' }));

  async function run(out: string, ...words: string[]) {
    const file = join(folder, out);
    const common = ['worker/export-member.ts', '--organization', callback.organization.slug];
    const child = spawn(process.execPath, [...common, file, ...words], {
      env: {
        ...bareEnvironment(),
        ...testKeys().environment,
        DEPLOYMENT: 'local',
        DATABASE_URL: db.urlFor('sync_worker'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
    const [code] = await once(child, 'close');
    assert.ok(!output.includes(sampleNumbers[0]));
    return { code, output, file };
  }

  const [sealed, masked, unknown] = await Promise.all([
    run('sealed.json', '--member', '1234', '--seal-to', key),
    run('masked.json', '--member', '1234'),
    run('unknown.json', '--member', '1235'),
  ]);
  assert.equal(sealed.code, 0, sealed.output);
  assert.equal(statSync(sealed.file).mode & 0o777, 0o600);
  const { numbers, tables } = JSON.parse(readFileSync(sealed.file, 'utf8'));
  const { plaintext } = await compactDecrypt(numbers[0].sealed, privateKey);
  assert.equal(new TextDecoder().decode(plaintext), sampleNumbers[0]);
  assert.equal(tables['registry.members'][0].personnummer_masked, '018150*****');

  assert.equal(masked.code, 0, masked.output);
  assert.equal(JSON.parse(readFileSync(masked.file, 'utf8')).numbers, undefined);
  for (const { file } of [sealed, masked]) assert.ok(!readFileSync(file, 'utf8').includes(sampleNumbers[0]));
  assert.deepEqual([unknown.code, /there is no such member/.test(unknown.output)], [1, true]);

  const again = await run('masked.json', '--member', '1234');
  assert.equal(again.code, 1, 'no file is written over');
  writeFileSync(key, JSON.stringify({ ...(await exportJWK(privateKey)), kid: 'mine' }));
  const withPrivate = await run('private.json', '--member', '1234', '--seal-to', key);
  assert.deepEqual([withPrivate.code, /receiver_key_unusable/.test(withPrivate.output)], [1, true]);
});
