import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { test } from 'vitest';
import { type Jwk, parsePrivateKeys, parsePublicKeys, parseSecrets } from '../../personnummer/keys.ts';

const x = keyPair('X25519', 'x');
const p = keyPair('P-256', 'p');

test('public keys of both kinds are read in their order', () => {
  const { keys, faults } = parsePublicKeys(set(p.publicKey, { ...x.publicKey, use: 'enc', alg: 'ECDH-ES' }));
  assert.deepEqual(faults, []);
  assert.deepEqual(
    keys.map(({ kid }) => kid),
    ['p', 'x'],
  );
});

test('private keys of both kinds are read', () => {
  const { keys, faults } = parsePrivateKeys(set(x.privateKey, p.privateKey));
  assert.deepEqual(faults, []);
  assert.deepEqual(keys, [x.privateKey, p.privateKey]);
});

test('a private key among the public keys is a fault', () => {
  for (const { privateKey } of [x, p]) {
    const { keys, faults } = parsePublicKeys(set(privateKey));
    assert.deepEqual(keys, []);
    assert.deepEqual(faults, ['key 1: is a private key; only public keys belong here']);
  }
});

test('a public key among the private keys is a fault', () => {
  assert.deepEqual(parsePrivateKeys(set(x.privateKey, p.publicKey)).faults, ['key 2: has no private part']);
});

test('all faults are named at once, by position', () => {
  const { kid: _, ...nameless } = x.publicKey;
  const broken = [
    nameless,
    { ...p.publicKey, use: 'sig', alg: 'ES256' },
    { kty: 'oct', k: 'AAAA', kid: 'o' },
    p.publicKey,
    7,
  ];
  assert.deepEqual(parsePublicKeys(set(...broken)).faults, [
    'key 1: kid is missing',
    'key 2: use must be enc',
    'key 2: alg must be ECDH-ES',
    'key 3: kty and crv must be OKP with X25519, or EC with P-256',
    'key 3: is a private key; only public keys belong here',
    'key 5: is not an object',
    'key 4: kid used before',
  ]);
});

const unusable: Record<string, unknown> = {
  'a point off the curve': { ...p.publicKey, y: Buffer.alloc(32, 1).toString('base64url') },
  'a point of small order': { ...x.publicKey, x: Buffer.alloc(32).toString('base64url') },
  'a key that is too short': { ...x.publicKey, x: 'AAAA' },
  'a key with a part missing': { ...p.publicKey, y: undefined },
};
for (const [what, key] of Object.entries(unusable)) {
  test(`${what} is a fault`, () => {
    assert.deepEqual(parsePublicKeys(set(key)).faults, ['key 1: cannot be used for key agreement']);
  });
}

test('a private part that belongs to another public key is a fault', () => {
  for (const [key, stranger] of [
    [x.privateKey, keyPair('X25519', 'x').privateKey],
    [p.privateKey, keyPair('P-256', 'p').privateKey],
  ] as const) {
    assert.deepEqual(parsePrivateKeys(set({ ...key, d: stranger.d })).faults, [
      'key 1: cannot be used for key agreement',
    ]);
  }
});

test('another curve, or a signing key, is a fault', () => {
  const ed25519 = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' });
  for (const key of [ed25519, p384, { ...x.publicKey, kty: 'EC' }, { ...x.publicKey, crv: 'toString' }]) {
    assert.deepEqual(parsePublicKeys(set({ ...key, kid: 'a' })).faults, [
      'key 1: kty and crv must be OKP with X25519, or EC with P-256',
    ]);
  }
});

test('a text that is no key set, or an empty one, is a fault and is not quoted', () => {
  for (const text of ['', 'secret', '{', '[]', '{"keys":{}}', 'null', '"keys"', JSON.stringify(x.privateKey)]) {
    assert.deepEqual(parsePrivateKeys(text), { keys: [], faults: ['is not JSON of the form {"keys":[...]}'] });
  }
  assert.deepEqual(parsePrivateKeys('{"keys":[]}').faults, ['holds no key']);
});

test('secrets are read in their order', () => {
  const [newer, older] = [randomBytes(32), randomBytes(48)];
  const text = `v2:${newer.toString('base64url')}, v1:${older.toString('base64url')}`;
  assert.deepEqual(parseSecrets(text), {
    secrets: [
      { version: 'v2', secret: new Uint8Array(newer) },
      { version: 'v1', secret: new Uint8Array(older) },
    ],
    faults: [],
  });
});

test('short, weak, repeated and misspelled secrets are named at once', () => {
  const good = randomBytes(32);
  const write = (version: string, bytes: Uint8Array) => `${version}:${Buffer.from(bytes).toString('base64url')}`;
  const { secrets, faults } = parseSecrets(
    [
      write('v9', randomBytes(31)),
      write('v8', Buffer.alloc(32, 7)),
      write('v7', Buffer.from('abcdefg'.repeat(5))),
      write(
        'v6',
        Uint8Array.from({ length: 32 }, (_, at) => at),
      ),
      write('v5', good),
      write('v5', randomBytes(32)),
      write('v4', good),
      'v3=AAAA',
      `v2:${good.toString('hex')}==`,
      '',
    ].join(','),
  );
  assert.deepEqual(secrets, []);
  assert.deepEqual(faults, [
    'secret 1: has fewer than 32 bytes',
    'secret 2: is obviously weak; take random bytes',
    'secret 3: is obviously weak; take random bytes',
    'secret 4: is obviously weak; take random bytes',
    'secret 8: is not of the form v1:base64url',
    'secret 9: is not of the form v1:base64url',
    'secret 10: is not of the form v1:base64url',
    'secret 6: version used before',
    'secret 7: same bytes as an earlier version',
  ]);
});

test('no fault ever shows a value', () => {
  const values = fc.string({ minLength: 6, unit: fc.constantFrom(...'0123456789qxz+/') });
  const key = fc.record({ kty: values, crv: values, kid: values, x: values, d: values }, { requiredKeys: [] });
  fc.assert(
    fc.property(fc.array(key), values, (keys, text) => {
      const shown = [
        parsePublicKeys(set(...keys)),
        parsePrivateKeys(set(...keys)),
        parsePrivateKeys(text),
        parseSecrets(`v1:${text},${text}`),
      ].flatMap(({ faults }) => faults);
      for (const value of [text, ...keys.flatMap((each) => Object.values(each))]) {
        assert.ok(!shown.some((fault) => fault.includes(value)));
      }
    }),
  );
});

function set(...keys: unknown[]): string {
  return JSON.stringify({ keys });
}

function keyPair(crv: 'X25519' | 'P-256', kid: string): { publicKey: Jwk; privateKey: Jwk } {
  const pair = crv === 'X25519' ? generateKeyPairSync('x25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    publicKey: { ...pair.publicKey.export({ format: 'jwk' }), kid } as Jwk,
    privateKey: { ...pair.privateKey.export({ format: 'jwk' }), kid } as Jwk,
  };
}
