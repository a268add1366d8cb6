import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { createDirectCipher } from '../../../auth-callback/transaction/direct-jwe.ts';

const key = new Uint8Array(randomBytes(32));
const cipher = createDirectCipher(key, 'v1');
const header = { alg: 'dir', enc: 'A256GCM', kid: 'v1' };
const pinned = { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] };

const byJose = (plaintext: string, protectedHeader: { alg: string; enc: string } = header, by = key) =>
  new CompactEncrypt(new TextEncoder().encode(plaintext)).setProtectedHeader(protectedHeader).encrypt(by);
const anyText = fc.string({ unit: 'binary', maxLength: 2_000 });

test('jose opens what we encrypt, and we decrypt what jose made, whatever it holds', async () => {
  const property = fc.asyncProperty(anyText, async (text) => {
    const ours = cipher.encrypt(text);
    const { plaintext, protectedHeader } = await compactDecrypt(ours, key, pinned);
    assert.equal(new TextDecoder().decode(plaintext), text);
    assert.deepEqual(protectedHeader, header);
    const theirs = await byJose(text);
    assert.ok(cipher.made(theirs));
    assert.equal(cipher.decrypt(theirs), text);
    assert.equal(cipher.decrypt(ours), text);
  });
  await fc.assert(property, { numRuns: 200 });
});

test('a value with any one character changed, added or taken away is refused', () => {
  const sealed = cipher.encrypt('{"state":"x"}');
  const opens = (text: string) => {
    if (!cipher.made(text)) return false;
    try {
      cipher.decrypt(text);
      return true;
    } catch {
      return false;
    }
  };
  assert.ok(opens(sealed));
  for (let at = 0; at < sealed.length; at += 1) {
    const other = sealed[at] === 'A' ? 'B' : 'A';
    assert.equal(opens(`${sealed.slice(0, at)}${other}${sealed.slice(at + 1)}`), false, `changed at ${at}`);
    assert.equal(opens(`${sealed.slice(0, at)}${sealed.slice(at + 1)}`), false, `taken away at ${at}`);
    assert.equal(opens(`${sealed.slice(0, at)}=${sealed.slice(at)}`), false, `added at ${at}`);
  }
});

test('a shorter tag, another nonce length, or an encrypted key is refused', () => {
  const [head, , iv = '', content = '', tag = ''] = cipher.encrypt('text').split('.');
  const cut = (segment: string, bytes: number) =>
    Buffer.from(segment, 'base64url').subarray(0, bytes).toString('base64url');
  for (const bytes of [0, 4, 8, 12, 15]) {
    assert.throws(() => cipher.decrypt([head, '', iv, content, cut(tag, bytes)].join('.')), TypeError);
  }
  assert.throws(() => cipher.decrypt([head, '', cut(iv, 11), content, tag].join('.')), TypeError);
  assert.equal(cipher.made([head, 'AAAA', iv, content, tag].join('.')), false);
});

test('any other header is refused before the key is touched', async () => {
  const wrapping = { ...header, alg: 'A256KW' };
  const others = [wrapping, { ...header, kid: 'v2' }, { ...header, note: 'x' }, { alg: 'dir', enc: 'A256GCM' }];
  for (const other of others) assert.equal(cipher.made(await byJose('text', other)), false);
  assert.equal(cipher.made(await byJose('text', { ...header, enc: 'A128GCM' }, key.subarray(0, 16))), false);
});

test('another key opens nothing', () => {
  const other = createDirectCipher(new Uint8Array(randomBytes(32)), 'v1');
  assert.throws(() => other.decrypt(cipher.encrypt('text')));
});
