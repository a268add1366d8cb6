import assert from 'node:assert/strict';
import { createHmac, hkdfSync, randomBytes, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { test } from 'vitest';
import { createIndexer } from '../../personnummer/blind-index.ts';
import { Personnummer } from '../../personnummer/personnummer.ts';
import { synthetic } from './numbers.ts';

const one = new Personnummer('01815025039');
const other = new Personnummer('31926110341');
const [nhf, hlf] = [randomUUID(), randomUUID()];
const v1 = { version: 'v1', secret: new Uint8Array(randomBytes(32)) };
const v2 = { version: 'v2', secret: new Uint8Array(randomBytes(32)) };

test('an index is the version, a dot, and the HMAC under the key derived for the organisation', () => {
  const key = hkdfSync('sha256', v1.secret, new Uint8Array(0), `personnummer-index:v1:${nhf}`, 32);
  const expected = createHmac('sha256', Buffer.from(key)).update('01815025039').digest('base64url');
  assert.deepEqual(createIndexer([v1]).indexes(one, nhf), [`v1.${expected}`]);
});

test('the same number has the same index, another number another one', () => {
  const indexer = createIndexer([v1]);
  assert.deepEqual(indexer.indexes(one, nhf), indexer.indexes(new Personnummer('01815025039'), nhf));
  const all = Object.keys(synthetic).map((number) => indexer.indexes(new Personnummer(number), nhf)[0]);
  assert.equal(new Set(all).size, all.length);
});

test('the indexes of two organisations cannot be compared', () => {
  const indexer = createIndexer([v1]);
  const [index = ''] = indexer.indexes(one, nhf);
  assert.notDeepEqual(indexer.indexes(one, hlf), [index]);
  assert.equal(indexer.matches(one, nhf, index), true);
  assert.equal(indexer.matches(one, hlf, index), false);
});

test('after a rotation the new version is stored and the old index still matches', () => {
  const [old = ''] = createIndexer([v1]).indexes(one, nhf);
  const rotated = createIndexer([v2, v1]);
  const indexes = rotated.indexes(one, nhf);
  assert.equal(indexes.length, 2);
  assert.match(indexes[0] ?? '', /^v2\.[A-Za-z0-9_-]{43}$/);
  assert.equal(indexes[1], old);
  assert.equal(rotated.matches(one, nhf, old), true);
  assert.equal(rotated.matches(one, nhf, indexes[0] ?? ''), true);
  assert.equal(rotated.matches(other, nhf, old), false);
});

test('an index of a version that is gone, or under another name, does not match', () => {
  const [old = ''] = createIndexer([v1]).indexes(one, nhf);
  assert.equal(createIndexer([v2]).matches(one, nhf, old), false);
  assert.equal(createIndexer([v2, v1]).matches(one, nhf, old.replace('v1.', 'v2.')), false);
  const renamed = createIndexer([{ version: 'v2', secret: v1.secret }]);
  assert.notEqual(renamed.indexes(one, nhf)[0]?.slice(3), old.slice(3));
});

test('no other text matches, of whatever length', () => {
  const indexer = createIndexer([v1]);
  const [index = ''] = indexer.indexes(one, nhf);
  for (const text of ['', '.', 'v1', 'v1.', index.slice(0, -1), `${index}A`, ` ${index}`, index.toUpperCase()]) {
    assert.equal(indexer.matches(one, nhf, text), false);
  }
  fc.assert(fc.property(fc.string(), (text) => !indexer.matches(one, nhf, `v1.${text}`)));
});

test('an index never holds the number', () => {
  for (const number of Object.keys(synthetic)) {
    assert.ok(!createIndexer([v1]).indexes(new Personnummer(number), nhf).join().includes(number));
  }
});

test('without a secret, or without an organisation, there is no index', () => {
  assert.throws(() => createIndexer([]), { code: 'key_unusable' });
  assert.throws(() => createIndexer([v1]).indexes(one, ''), { code: 'organization_missing' });
});
