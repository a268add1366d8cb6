import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { test } from 'vitest';
import { createSealingKey } from '../../audit-seal/note.ts';
import { ConfigurationError } from '../../runtime/environment.ts';
import { readConfig } from '../../worker/config.ts';

const key = { ...generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' }), kid: 'a' };
const complete = {
  DATABASE_URL: 'postgres://sync_worker:pw@db.example/registry?sslmode=verify-full',
  PERSONNUMMER_UNSEALING_KEYS: JSON.stringify({ keys: [key] }),
  PERSONNUMMER_INDEX_SECRETS: `v1:${randomBytes(32).toString('base64url')}`,
  AUDIT_SEALING_KEY: createSealingKey('login.example.no/audit').signingKey,
  AUDIT_CHECKPOINT_FILE: '/var/lib/audit/checkpoints',
};

test('what is not said has safe defaults', () => {
  const config = readConfig(complete);
  assert.equal(config.deployment, 'production');
  assert.equal(config.concurrency, 10);
  assert.equal(config.preparedStatements, true);
  assert.equal(config.health, null);
  assert.equal(config.logLevel, 'info');
  assert.equal(config.memberSystemSecrets.size, 0);
});

test('only variables of member systems become secrets that rows can name', () => {
  const config = readConfig({
    ...complete,
    MEMBER_SYSTEM_NHF_SECRET: 'one',
    MEMBER_SYSTEM_: 'no name',
    MEMBER_SYSTEM_nhf: 'small letters',
    XMEMBER_SYSTEM_A: 'before it',
    OIDC_NHF: 'of the callback',
  });
  assert.deepEqual([...config.memberSystemSecrets], [['MEMBER_SYSTEM_NHF_SECRET', 'one']]);
});

test('health is served where a port is given, on this machine unless a host is given', () => {
  const here = { host: '127.0.0.1', port: 9100, metricsToken: null };
  assert.deepEqual(readConfig({ ...complete, WORKER_PORT: '9100' }).health, here);
  const open = { WORKER_PORT: '9100', HOST: '::', WORKER_METRICS_TOKEN: 'shown' };
  assert.deepEqual(readConfig({ ...complete, ...open }).health, { host: '::', port: 9100, metricsToken: 'shown' });
});

test('all faults are named at once, and no value is', () => {
  const environment = {
    DEPLOYMENT: 'staging',
    DATABASE_URL: 'mysql://user:hunter2@db',
    PERSONNUMMER_UNSEALING_KEYS: '{"keys":[{"kty":"oct","k":"aHVudGVyMg"}]}',
    PERSONNUMMER_INDEX_SECRETS: 'v1:aHVudGVyMg',
    WORKER_CONCURRENCY: '0',
    WORKER_PORT: '99999',
    GRAPHILE_PREPARED_STATEMENTS: 'maybe',
    LOG_LEVEL: 'loud',
  };
  assert.throws(
    () => readConfig(environment),
    (error) => {
      assert.ok(error instanceof ConfigurationError);
      for (const name of Object.keys(environment)) assert.match(error.message, new RegExp(`\\b${name}\\b`));
      assert.doesNotMatch(error.message, /hunter2|aHVudGVyMg|mysql|staging|loud|maybe/);
      return true;
    },
  );
});

test('an empty environment names what is missing', () => {
  assert.throws(
    () => readConfig({}),
    /DATABASE_URL[\s\S]*PERSONNUMMER_UNSEALING_KEYS[\s\S]*PERSONNUMMER_INDEX_SECRETS/,
  );
});

test('production asks for a file of checkpoints, and a key that is one', () => {
  const { AUDIT_CHECKPOINT_FILE: _, ...without } = complete;
  assert.throws(() => readConfig(without), /AUDIT_CHECKPOINT_FILE is missing/);
  assert.equal(readConfig({ ...without, DEPLOYMENT: 'test' }).sealing.checkpointFile, null);
  const text = 'PRIVATE+KEY+login.example.no/audit+00000000+AAAA';
  assert.throws(() => readConfig({ ...complete, AUDIT_SEALING_KEY: text }), /AUDIT_SEALING_KEY key 1 is no Ed25519/);
  assert.throws(() => readConfig({ ...complete, AUDIT_SEALING_KEY: undefined }), /AUDIT_SEALING_KEY is missing/);
});
