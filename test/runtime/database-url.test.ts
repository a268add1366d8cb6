import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { readAuditToolsConfig } from '../../audit-tools/config.ts';
import { readCallbackConfig, readProviderConfig } from '../../auth-callback/config.ts';
import { readConfigureConfig } from '../../configuration/config.ts';
import { readRotationConfig } from '../../key-tools/config.ts';
import { kinds } from '../../key-tools/kinds.ts';
import { readImportConfig } from '../../members-import/config.ts';
import { ConfigurationError, readEnvironment } from '../../runtime/environment.ts';
import { readConfig } from '../../worker/config.ts';

// In production, a database on another machine is reached with a certificate that is verified, or not at all.

type Environment = Record<string, string>;

function fault(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    assert.ok(error instanceof ConfigurationError);
    return error.faults.find(({ name }) => name === 'DATABASE_URL')?.why;
  }
}

function judge(url: string, more: Environment = {}): string | undefined {
  const env = readEnvironment({ DATABASE_URL: url, ...more });
  env.databaseUrl('DATABASE_URL');
  return fault(() => env.finish());
}

const base = 'postgres://role:hunter2@db.example.org/registry';

test('what verifies the certificate, or stays on this machine, is taken', () => {
  for (const url of [
    `${base}?sslmode=verify-full`,
    'postgresql://role@10.0.0.7:6432/x?application_name=y&sslmode=verify-full',
    'postgres://role@localhost/x',
    'postgres://role@127.0.0.1:5433/x?sslmode=disable',
    'postgres://role@[::1]/x',
    'postgres:///x?host=/var/run/postgresql',
  ]) {
    assert.equal(judge(url), undefined, url);
  }
});

test('everything else is refused with a sentence that says what to write, and no password', () => {
  for (const url of [
    base,
    ...[
      'disable',
      'prefer',
      'require',
      'verify-ca',
      'no-verify',
      'verify-full&sslmode=disable',
      'disable&sslmode=verify-full',
    ].map((mode) => `${base}?sslmode=${mode}`),
    `${base}?ssl=true`,
    `${base}?sslmode=require&uselibpqcompat=true`,
    `postgres://role:hunter2@localhost/x?host=db.example.org`,
    'postgres://role:hunter2@localhost.example.org/x',
    'postgres://role:hunter2@127.0.0.1.example.org/x',
  ]) {
    const why = judge(url) ?? '';
    assert.match(why, /another machine without verified TLS: write \?sslmode=verify-full/, url);
    assert.ok(!why.includes('hunter2') && !why.includes('example.org'));
  }
  assert.match(judge(`${base}?sslmode=verify-full&sslrootcert=/nowhere/ca.pem`) ?? '', /certificate that is not there/);
});

test('a host that is named may be reached without, and no other; test and local ask for nothing', () => {
  assert.equal(judge(base, { DATABASE_WITHOUT_TLS: 'postgres, db.example.org' }), undefined);
  assert.match(judge(base, { DATABASE_WITHOUT_TLS: 'example.org,postgres' }) ?? '', /without verified TLS/);
  for (const DEPLOYMENT of ['test', 'local']) assert.equal(judge(base, { DEPLOYMENT }), undefined);
});

test('all programs and commands alike', () => {
  const environment = { DATABASE_URL: base };
  const readers: Record<string, () => unknown> = {
    callback: () => readCallbackConfig(environment),
    'provider:check': () => readProviderConfig(environment),
    worker: () => readConfig(environment),
    'members:import': () => readImportConfig(environment),
    configure: () => readConfigureConfig(environment),
    'audit:verify': () => readAuditToolsConfig(environment, { database: true, keys: false }),
    'keys:rotate': () => readRotationConfig(environment, kinds.index, { database: true, callback: false }),
  };
  for (const [name, read] of Object.entries(readers)) assert.match(fault(read) ?? '', /without verified TLS/, name);

  const root = join(import.meta.dirname, '..', '..');
  const folders = [
    'auth-callback',
    'worker',
    'members-import',
    'configuration',
    'audit-tools',
    'key-tools',
    'coordinator-desk',
    'db',
    'local/compose',
  ];
  const elsewhere = folders
    .flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: root }))
    .filter((file) =>
      /process\.env\.DATABASE_URL|env\w*\.(required|optional)\('DATABASE_URL'/.test(
        readFileSync(join(root, file), 'utf8'),
      ),
    );
  assert.deepEqual(elsewhere, [], 'nobody reads it past the one place that judges it');
});
