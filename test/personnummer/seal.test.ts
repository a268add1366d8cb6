import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { CompactEncrypt, decodeProtectedHeader, exportJWK, generateKeyPair, importJWK } from 'jose';
import { test } from 'vitest';
import { PersonnummerError, type PersonnummerErrorCode } from '../../personnummer/errors.ts';
import type { Jwk } from '../../personnummer/keys.ts';
import { Personnummer } from '../../personnummer/personnummer.ts';
import { createSealer } from '../../personnummer/seal.ts';
import { createUnsealer } from '../../personnummer/unseal.ts';
import { synthetic, syntheticUnder2032Rule } from './numbers.ts';

const digits = '01815025039';
const personnummer = new Personnummer(digits);

for (const crv of ['X25519', 'P-256'] as const) {
  test(`what is sealed with ${crv} is unsealed with its private key`, async () => {
    const { publicKey, privateKey } = await keyPair(crv, 'a');
    const [sealer, unsealer] = [createSealer([publicKey]), createUnsealer([privateKey])];
    for (const number of [...Object.keys(synthetic), ...Object.keys(syntheticUnder2032Rule)]) {
      const sealed = await sealer.seal(new Personnummer(number));
      assert.equal((await unsealer.unseal(sealed)).reveal(), number);
    }
  });

  test(`a value sealed with ${crv} names algorithm and key, and does not hold the number in clear`, async () => {
    const { publicKey } = await keyPair(crv, 'a');
    const sealed = await createSealer([publicKey]).seal(personnummer);
    const { alg, enc, kid, epk } = decodeProtectedHeader(sealed) as {
      alg: string;
      enc: string;
      kid: string;
      epk?: Jwk;
    };
    assert.deepEqual({ alg, enc, kid, crv: epk?.crv }, { alg: 'ECDH-ES', enc: 'A256GCM', kid: 'a', crv });
    const parts = sealed.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'));
    assert.ok(![sealed, ...parts].join().includes(digits));
  });
}

test('the same number sealed twice gives different values', async () => {
  const sealer = createSealer([(await keyPair('X25519', 'a')).publicKey]);
  assert.notEqual(await sealer.seal(personnummer), await sealer.seal(personnummer));
});

test('during a rotation the first key seals and every private key unseals what is its own', async () => {
  const [older, newer] = [await keyPair('X25519', '2025'), await keyPair('P-256', '2026')];
  const before = await createSealer([older.publicKey]).seal(personnummer);
  const after = await createSealer([newer.publicKey, older.publicKey]).seal(personnummer);
  assert.equal(decodeProtectedHeader(after).kid, '2026');
  const unsealer = createUnsealer([newer.privateKey, older.privateKey]);
  assert.equal((await unsealer.unseal(before)).reveal(), digits);
  assert.equal((await unsealer.unseal(after)).reveal(), digits);
  await rejectsWith('sealing_key_unknown', createUnsealer([newer.privateKey]).unseal(before));
});

test('a key of the same kid but another pair opens nothing', async () => {
  const [one, other] = [await keyPair('X25519', 'a'), await keyPair('X25519', 'a')];
  const sealed = await createSealer([one.publicKey]).seal(personnummer);
  await rejectsWith('sealed_value_broken', createUnsealer([other.privateKey]).unseal(sealed));
});

test('a value changed in any of its parts is broken', async () => {
  const { publicKey, privateKey } = await keyPair('X25519', 'a');
  const unsealer = createUnsealer([privateKey]);
  const parts = (await createSealer([publicKey]).seal(personnummer)).split('.');
  for (const at of [2, 3, 4]) {
    const changed = parts.map((part, each) =>
      each === at ? `${part.startsWith('A') ? 'B' : 'A'}${part.slice(1)}` : part,
    );
    await rejectsWith('sealed_value_broken', unsealer.unseal(changed.join('.')));
  }
  const header = { ...decodeProtectedHeader(parts.join('.')), note: 'added' };
  const otherHeader = Buffer.from(JSON.stringify(header)).toString('base64url');
  await rejectsWith('sealed_value_broken', unsealer.unseal([otherHeader, ...parts.slice(1)].join('.')));
  await rejectsWith('sealed_value_broken', unsealer.unseal(parts.slice(0, 4).join('.')));
});

test('what is no sealed value is broken, and is not quoted', async () => {
  const unsealer = createUnsealer([(await keyPair('X25519', 'a')).privateKey]);
  const noKid = Buffer.from('{"alg":"ECDH-ES","enc":"A256GCM"}').toString('base64url');
  for (const text of ['', digits, '....', `${noKid}....`, `{"${digits}":1}`, 'e30.e30.']) {
    await rejectsWith('sealed_value_broken', unsealer.unseal(text));
  }
});

test('another algorithm or another encryption is refused, even under a known key', async () => {
  const { publicKey, privateKey } = await keyPair('P-256', 'a');
  const unsealer = createUnsealer([privateKey]);
  const key = await importJWK(publicKey, 'ECDH-ES');
  for (const [alg, enc] of [
    ['ECDH-ES+A256KW', 'A256GCM'],
    ['ECDH-ES', 'A128GCM'],
    ['ECDH-ES', 'A256CBC-HS512'],
  ] as const) {
    const header = { alg, enc, kid: 'a' };
    const sealed = await new CompactEncrypt(Buffer.from(digits)).setProtectedHeader(header).encrypt(key);
    await rejectsWith('sealed_value_broken', unsealer.unseal(sealed));
  }
  const direct = { alg: 'dir', enc: 'A256GCM', kid: 'a' };
  const sealed = await new CompactEncrypt(Buffer.from(digits)).setProtectedHeader(direct).encrypt(new Uint8Array(32));
  await rejectsWith('sealed_value_broken', unsealer.unseal(sealed));
});

test('a header that asks for what we do not know is refused', async () => {
  const { publicKey, privateKey } = await keyPair('X25519', 'a');
  const key = await importJWK(publicKey, 'ECDH-ES');
  const header = { alg: 'ECDH-ES', enc: 'A256GCM', kid: 'a' };
  const sealed = await new CompactEncrypt(Buffer.from(digits)).setProtectedHeader(header).encrypt(key);
  const [first = '', ...rest] = sealed.split('.');
  const original = JSON.parse(Buffer.from(first, 'base64url').toString());
  // A point of small order agrees on the same key with everybody.
  const zero = { kty: 'OKP', crv: 'X25519', x: Buffer.alloc(32).toString('base64url') };
  for (const more of [{ crit: ['b64'] }, { apu: 1 }, { epk: null }, { epk: zero }, { epk: { ...zero, x: 'AA' } }]) {
    const changed = Buffer.from(JSON.stringify({ ...original, ...more })).toString('base64url');
    await rejectsWith('sealed_value_broken', createUnsealer([privateKey]).unseal([changed, ...rest].join('.')));
  }
});

test('a value that was sealed properly but holds no number is broken', async () => {
  const { publicKey, privateKey } = await keyPair('X25519', 'a');
  const key = await importJWK(publicKey, 'ECDH-ES');
  for (const content of ['', '03897895161', '12429431083', `${digits}\n`, `{"nin":"${digits}"}`]) {
    const header = { alg: 'ECDH-ES', enc: 'A256GCM', kid: 'a' };
    const sealed = await new CompactEncrypt(Buffer.from(content)).setProtectedHeader(header).encrypt(key);
    await rejectsWith('sealed_value_broken', createUnsealer([privateKey]).unseal(sealed));
  }
});

test('keys of the wrong half, without kid, or none at all are refused before anything is sealed', async () => {
  const { publicKey, privateKey } = await keyPair('X25519', 'a');
  const { kid: _, ...nameless } = publicKey;
  for (const keys of [[], [privateKey], [nameless], [{ ...publicKey, x: 'AAAA' }]]) {
    assert.throws(() => createSealer(keys), { code: 'key_unusable' });
  }
  for (const keys of [[], [publicKey], [{ ...privateKey, kid: '' }]]) {
    assert.throws(() => createUnsealer(keys), { code: 'key_unusable' });
  }
});

async function keyPair(crv: 'X25519' | 'P-256', kid: string): Promise<{ publicKey: Jwk; privateKey: Jwk }> {
  const pair = await generateKeyPair('ECDH-ES', { crv, extractable: true });
  return {
    publicKey: { ...(await exportJWK(pair.publicKey)), kid },
    privateKey: { ...(await exportJWK(pair.privateKey)), kid },
  };
}

async function rejectsWith(code: PersonnummerErrorCode, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof PersonnummerError);
    assert.equal(error.code, code);
    assert.doesNotMatch(inspect(error), /(?<!\d)\d{11}(?!\d)/);
    return true;
  });
}
