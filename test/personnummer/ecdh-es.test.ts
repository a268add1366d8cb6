import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, diffieHellman, type JsonWebKey } from 'node:crypto';
import { CompactEncrypt, exportJWK, generateKeyPair } from 'jose';
import { test } from 'vitest';
import { deriveKey, openSealed, takeApart } from '../../personnummer/ecdh-es.ts';

test('the agreed key is the one of RFC 7518, appendix C', () => {
  const alice = {
    ...{ kty: 'EC', crv: 'P-256', d: '0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo' },
    ...{ x: 'gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0', y: 'SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps' },
  };
  const bob = {
    ...{ kty: 'EC', crv: 'P-256' },
    ...{ x: 'weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ', y: 'e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck' },
  };
  const privateKey = createPrivateKey({ key: alice as JsonWebKey, format: 'jwk' });
  const publicKey = createPublicKey({ key: bob as JsonWebKey, format: 'jwk' });
  const key = deriveKey(diffieHellman({ privateKey, publicKey }), 'A128GCM', 'QWxpY2U', 'Qm9i', 128);
  assert.equal(key.toString('base64url'), 'VqqN6vgjbSBcIijNcacQGg');
});

test('names of both parties are part of the key, and what asks for more than we know is refused', async () => {
  const { publicKey, privateKey } = await generateKeyPair('ECDH-ES', { crv: 'X25519', extractable: true });
  const key = createPrivateKey({ key: (await exportJWK(privateKey)) as JsonWebKey, format: 'jwk' });
  const seal = (parties: object) =>
    new CompactEncrypt(Buffer.from('text'))
      .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM' })
      .setKeyManagementParameters(parties)
      .encrypt(publicKey);
  const parts = takeApart(await seal({ apu: Buffer.from('one'), apv: Buffer.from('other') }));
  assert.ok(parts !== null);
  assert.equal(openSealed(parts, key).toString(), 'text');
  for (const more of [
    { crit: ['b64'] },
    { zip: 'DEF' },
    { apu: 1 },
    { epk: { kty: 'OKP', crv: 'X25519', x: 'AA' } },
    { epk: null },
  ]) {
    assert.throws(() => openSealed({ ...parts, header: { ...parts.header, ...more } }, key));
  }
  // A point of small order agrees on the same key with everybody.
  const zero = { kty: 'OKP', crv: 'X25519', x: Buffer.alloc(32).toString('base64url') };
  assert.throws(() => openSealed({ ...parts, header: { ...parts.header, epk: zero } }, key));
});

test('only a compact JWE of five parts, the second empty, is taken apart', async () => {
  for (const text of ['', 'a.b.c.d.e', 'e30..AAAAAAAAAAAAAAAA.AA', 'W10..AAAAAAAAAAAAAAAA.AA.AAAAAAAAAAAAAAAAAAAAAA']) {
    assert.equal(takeApart(text), null);
  }
});
