import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { test } from 'vitest';
import { parsePublicKeys } from '../../personnummer/keys.ts';
import { deploymentRules } from '../../runtime/deployment.ts';
import { ConfigurationError, type EnvironmentReader, readEnvironment } from '../../runtime/environment.ts';

const strict = deploymentRules('production');
const port = { min: 0, max: 65_535, default: 8080 };

test('what is there and right is returned, and finishing is silent', () => {
  const environment = readEnvironment({
    DEPLOYMENT: 'test',
    HOST: '0.0.0.0',
    PORT: '3000',
    PUBLIC_URL: 'https://login.example.org/base',
    DATABASE_URL: 'postgres://auth_callback:secret@db.example.org/registry',
  });
  assert.equal(environment.deployment(), 'test');
  assert.equal(environment.required('HOST'), '0.0.0.0');
  assert.equal(environment.integer('PORT', port), 3000);
  assert.equal(environment.url('PUBLIC_URL', strict).href, 'https://login.example.org/base');
  assert.match(environment.databaseUrl('DATABASE_URL'), /^postgres:/);
  assert.equal(environment.has('HOST'), true);
  environment.finish();
});

test('absent and empty variables take their defaults', () => {
  const environment = readEnvironment({ PORT: '', LOG_LEVEL: '' });
  assert.equal(environment.deployment(), 'production');
  assert.equal(environment.integer('PORT', port), 8080);
  assert.equal(environment.optional('HOST', '127.0.0.1'), '127.0.0.1');
  assert.equal(environment.optional('HOST'), undefined);
  assert.equal(environment.oneOf('LOG_LEVEL', ['info', 'debug'], 'info'), 'info');
  assert.equal(environment.has('PORT'), false);
  environment.finish();
});

test('every fault is named at once, and no value', () => {
  const values = {
    DEPLOYMENT: 'staging-x1',
    PORT: '80-x2',
    DATABASE_POOL_SIZE: '0',
    PUBLIC_URL: 'http://x3.example.org',
    DATABASE_URL: 'mysql://user:x4@host/db',
    PERSONNUMMER_SEALING_KEYS: '{"keys":[{"kid":"x5"}]}',
  };
  const environment = readEnvironment(values);
  environment.deployment();
  environment.required('HOST');
  environment.integer('PORT', port);
  environment.integer('DATABASE_POOL_SIZE', { min: 1, max: 100 });
  environment.integer('WORKER_CONCURRENCY', { min: 1, max: 100 });
  environment.url('PUBLIC_URL', strict);
  environment.databaseUrl('DATABASE_URL');
  environment.parsed('PERSONNUMMER_SEALING_KEYS', parsePublicKeys);
  environment.parsed('OTHER_KEYS', parsePublicKeys);
  environment.fault('PERSONNUMMER_INDEX_SECRETS', 'is weak');
  const error = faultsOf(environment);
  assert.deepEqual(
    error.faults.map(({ name, why }) => `${name} ${why}`),
    [
      'DEPLOYMENT must be one of production, test, local',
      'HOST is missing',
      'PORT must be a whole number from 0 to 65535',
      'DATABASE_POOL_SIZE must be a whole number from 1 to 100',
      'WORKER_CONCURRENCY is missing',
      'PUBLIC_URL must be https in this deployment',
      'DATABASE_URL must be a postgres:// URL',
      'PERSONNUMMER_SEALING_KEYS key 1: kty and crv must be OKP with X25519, or EC with P-256',
      'OTHER_KEYS is missing',
      'PERSONNUMMER_INDEX_SECRETS is weak',
    ],
  );
  for (const { name } of error.faults) assert.ok(error.message.includes(name));
  assert.doesNotMatch(inspect(error), /x[1-5]/);
});

const refusedUrls: [string, string][] = [
  ['http://login.example.org', 'must be https in this deployment'],
  ['ftp://login.example.org', 'must be an https URL'],
  ['javascript:alert(1)', 'must be an https URL'],
  ['login.example.org', 'is not an absolute URL'],
  ['https://user:word@login.example.org', 'must not hold credentials'],
  ['https://login.example.org/?a=b', 'must not have a query or a fragment'],
  ['https://login.example.org/#a', 'must not have a query or a fragment'],
];
for (const [text, why] of refusedUrls) {
  test(`${text} is refused as a base URL in production`, () => {
    const environment = readEnvironment({ PUBLIC_URL: text });
    environment.url('PUBLIC_URL', strict);
    assert.deepEqual(faultsOf(environment).faults, [{ name: 'PUBLIC_URL', why }]);
  });
}

test('http is a base URL in a local deployment', () => {
  const environment = readEnvironment({ PUBLIC_URL: 'http://127.0.0.1:3000' });
  assert.equal(environment.url('PUBLIC_URL', deploymentRules('local')).port, '3000');
  environment.finish();
});

test('only decimal digits within the bounds are a whole number', () => {
  for (const text of ['1e3', '0x10', ' 5', '5.0', '٥', '-1', '65536', 'NaN', '9'.repeat(40)]) {
    const environment = readEnvironment({ PORT: text });
    assert.equal(environment.integer('PORT', port), 0);
    assert.equal(faultsOf(environment).faults.length, 1);
  }
});

test('no error ever shows a value', () => {
  const value = fc.string({ minLength: 6, unit: fc.constantFrom(...'qxz0123456789:/') });
  fc.assert(
    fc.property(value, (text) => {
      const environment = readEnvironment({ DEPLOYMENT: text, A: text, B: text, C: text, D: text });
      environment.deployment();
      environment.integer('A', { min: 1, max: 2 });
      environment.url('B', strict);
      environment.databaseUrl('C');
      environment.parsed('D', parsePublicKeys);
      assert.ok(!inspect(faultsOf(environment), { showHidden: true, depth: 9 }).includes(text));
    }),
  );
});

function faultsOf(environment: EnvironmentReader): ConfigurationError {
  try {
    environment.finish();
  } catch (error) {
    assert.ok(error instanceof ConfigurationError);
    assert.equal(error.code, 'configuration_invalid');
    return error;
  }
  throw new Error('no fault was found');
}
