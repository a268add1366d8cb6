import assert from 'node:assert/strict';
import { test } from 'vitest';
import { readCallbackConfig } from '../../auth-callback/config.ts';
import { createKeyPair } from '../../key-tools/new-keys.ts';
import { ConfigurationError } from '../../runtime/environment.ts';
import { testKeys } from '../support/samples.ts';

function goodEnvironment(): Record<string, string> {
  const { PERSONNUMMER_UNSEALING_KEYS: _, ...keys } = testKeys().environment;
  return {
    DATABASE_URL: 'postgres://auth_callback@db.example/registry?sslmode=verify-full',
    PUBLIC_URL: 'https://login.example.no/',
    ...keys,
  };
}

function faultsOf(changes: Record<string, string | undefined>): { names: string[]; message: string } {
  try {
    readCallbackConfig({ ...goodEnvironment(), ...changes });
  } catch (error) {
    assert.ok(error instanceof ConfigurationError);
    assert.equal(error.code, 'configuration_invalid');
    return { names: [...new Set(error.faults.map(({ name }) => name))], message: error.message };
  }
  return { names: [], message: '' };
}

test('a good environment is production, with bounded defaults', () => {
  const config = readCallbackConfig({ ...goodEnvironment(), OIDC_NHF_SECRET: 's', SECRET: 'x', OIDC_lower: 'y' });
  assert.equal(config.deployment, 'production');
  assert.equal(config.publicUrl, 'https://login.example.no');
  assert.deepEqual(config.rates, { starts: 60, callbacks: 60, tokens: 60, webhooks: 60 });
  assert.equal(config.trustedProxyDepth, 0);
  assert.equal(config.accessTokenAudience, 'authenticated');
  assert.deepEqual([...config.clientSecrets], [['OIDC_NHF_SECRET', 's']]);
  assert.equal(config.rules.acceptsSynthetic, false);
});

test('production refuses http, and weak, wrong or missing keys', () => {
  const signing = createKeyPair('ec', { alg: 'ES256' });
  const keySet = (...keys: unknown[]) => JSON.stringify({ keys });
  const table: [string, string | undefined][] = [
    ['PUBLIC_URL', 'http://login.example.no'],
    ['PUBLIC_URL', 'http://localhost:8080'],
    ['PUBLIC_URL', 'https://login.example.no/?a=b'],
    ['PUBLIC_URL', undefined],
    ['DATABASE_URL', undefined],
    ['DATABASE_URL', 'mysql://db.example'],
    ['TRANSACTION_SECRETS', undefined],
    ['TRANSACTION_SECRETS', 'v1:short'],
    ['TRANSACTION_SECRETS', `v1:${Buffer.alloc(32).toString('base64url')}`],
    ['PERSONNUMMER_INDEX_SECRETS', `v1:${Buffer.alloc(32, 7).toString('base64url')}`],
    ['PERSONNUMMER_SEALING_KEYS', testKeys().environment.PERSONNUMMER_UNSEALING_KEYS],
    ['PERSONNUMMER_SEALING_KEYS', keySet()],
    ['ACCESS_TOKEN_KEYS', undefined],
    ['ACCESS_TOKEN_KEYS', 'not JSON'],
    ['ACCESS_TOKEN_KEYS', keySet()],
    ['ACCESS_TOKEN_KEYS', keySet(signing.publicKey)],
    ['ACCESS_TOKEN_KEYS', keySet({ ...signing.privateKey, kid: undefined })],
    ['ACCESS_TOKEN_KEYS', keySet(signing.privateKey, signing.privateKey)],
    ['ACCESS_TOKEN_KEYS', keySet({ ...signing.privateKey, x: createKeyPair('ec').publicKey.x })],
    ['ACCESS_TOKEN_KEYS', keySet({ ...signing.privateKey, d: createKeyPair('ec').privateKey.d })],
    ['ACCESS_TOKEN_KEYS', keySet(createKeyPair('x25519').privateKey)],
    ['ACCESS_TOKEN_KEYS', keySet({ kty: 'oct', k: 'c2VjcmV0', kid: 'a' })],
    ['OIDC_WEBHOOK_SECRET_NHF', 'too-short'],
    ['OIDC_WEBHOOK_SECRET_NHF', 'with/a/slash/in/it/and/long'],
    ['PROVIDER_TIMEOUT_MS', '60000'],
    ['DEPLOYMENT', 'staging'],
    ['RATE_STARTS', '0'],
    ['METRICS_TOKEN', 'short'],
    ['METRICS_TOKEN', `${'m'.repeat(40)} x`],
    ['TRUSTED_PROXY_DEPTH', '-1'],
    ['PORT', '70000'],
    ['LOG_LEVEL', 'loud'],
  ];
  for (const [name, value] of table) assert.deepEqual(faultsOf({ [name]: value }).names, [name], `${name}: ${value}`);
});

test('all faults are named at once, and no value', () => {
  const secret = 'v1:c2VjcmV0';
  const { names, message } = faultsOf({
    ...{ DATABASE_URL: undefined, PUBLIC_URL: 'http://user:password@login.example.no' },
    TRANSACTION_SECRETS: secret,
    ACCESS_TOKEN_KEYS: '{"keys":[{"d":"private"}]}',
    RATE_TOKENS: 'many',
  });
  assert.deepEqual(names.sort(), [
    'ACCESS_TOKEN_KEYS',
    'DATABASE_URL',
    'PUBLIC_URL',
    'RATE_TOKENS',
    'TRANSACTION_SECRETS',
  ]);
  for (const value of ['c2VjcmV0', '"private"', 'password', 'many']) assert.ok(!message.includes(value), value);
});

test('secrets of webhooks are kept apart from those that rows may name', () => {
  const name = 'OIDC_WEBHOOK_SECRET_NHF';
  const config = readCallbackConfig({ ...goodEnvironment(), [name]: 'a-good-long-secret', OIDC_NHF_SECRET: 's' });
  assert.deepEqual([...config.webhookSecrets.keys()], [name]);
  assert.deepEqual([...config.clientSecrets.keys()], ['OIDC_NHF_SECRET']);
});

test('http is for a local deployment only', () => {
  const changes = { PUBLIC_URL: 'http://localhost:8080' };
  assert.deepEqual(faultsOf({ ...changes, DEPLOYMENT: 'local' }).names, []);
  assert.deepEqual(faultsOf({ ...changes, DEPLOYMENT: 'test' }).names, ['PUBLIC_URL']);
});
