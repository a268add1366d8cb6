import { createHmac } from 'node:crypto';
import { type CryptoKey, exportJWK, exportSPKI, importJWK, SignJWT } from 'jose';
import type { Case } from './case.ts';
import { createSigningKey, signRs256, type TokenMaker } from './provider.ts';

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

const tokenCase = (makeIdToken: TokenMaker): Pick<Case, 'spoil'> => ({
  spoil: (provider) => {
    provider.makeIdToken = makeIdToken;
  },
});

/** Tokens that the provider's keys do not vouch for. None of these may lead to a login. */
export const signatureCases: Case[] = [
  {
    name: 'a signature with one byte changed',
    code: 'OAUTH_INVALID_RESPONSE',
    spoil: (provider) => {
      provider.makeIdToken = async (claims, key) => {
        const jwt = await signRs256(claims, key);
        const at = jwt.lastIndexOf('.') + 20;
        return jwt.slice(0, at) + (jwt[at] === 'A' ? 'B' : 'A') + jwt.slice(at + 1);
      };
    },
  },
  {
    name: 'claims changed after signing',
    code: 'OAUTH_INVALID_RESPONSE',
    spoil: (provider) => {
      provider.makeIdToken = async (claims, key) => {
        const [header, , signature] = (await signRs256(claims, key)).split('.');
        return [header, base64({ ...claims, sub: 'somebody-else' }), signature].join('.');
      };
    },
  },
  {
    name: 'a signature by another key under the same kid',
    code: 'OAUTH_INVALID_RESPONSE',
    spoil: async (provider) => {
      const other = await createSigningKey(provider.key.kid);
      provider.makeIdToken = (claims) => signRs256(claims, other);
    },
  },
  {
    name: 'alg none, which the metadata lists',
    code: 'OAUTH_INVALID_RESPONSE',
    spoil: (provider) => {
      provider.makeIdToken = async (claims) => `${base64({ alg: 'none' })}.${base64(claims)}.`;
    },
  },
  {
    name: 'alg none with the key id of a real key',
    code: 'OAUTH_INVALID_RESPONSE',
    spoil: (provider) => {
      provider.makeIdToken = async (claims, key) => `${base64({ alg: 'none', kid: key.kid })}.${base64(claims)}.`;
    },
  },
  {
    name: 'HS256 with the public key as secret',
    code: 'OAUTH_INVALID_RESPONSE',
    spoil: (provider) => {
      provider.makeIdToken = async (claims, key) => {
        const pem = await exportSPKI((await importJWK(key.publicJwk, 'RS256', { extractable: true })) as CryptoKey);
        const input = `${base64({ alg: 'HS256', kid: key.kid })}.${base64(claims)}`;
        return `${input}.${createHmac('sha256', pem).update(input).digest('base64url')}`;
      };
    },
  },
  {
    name: 'HS256 with the client secret',
    code: 'OAUTH_INVALID_RESPONSE',
    spoil: (provider) => {
      provider.makeIdToken = (claims) =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: 'HS256' })
          .sign(new TextEncoder().encode('secret of the test client'));
    },
  },
  {
    name: 'a good signature with another algorithm than the pinned one',
    code: 'OAUTH_INVALID_RESPONSE',
    spoil: async (provider) => {
      const other = await createSigningKey('es256', 'ES256');
      provider.keys = [...provider.keys, other.publicJwk];
      provider.makeIdToken = (claims) =>
        new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'es256' }).sign(other.privateKey);
    },
  },
  {
    name: 'the key in the header of the token',
    code: 'OAUTH_KEY_SELECTION_FAILED',
    spoil: async (provider) => {
      const other = await createSigningKey('own');
      provider.makeIdToken = async (claims) =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: 'RS256', kid: 'own', jwk: await exportJWK(other.privateKey) })
          .sign(other.privateKey);
    },
  },
  {
    name: 'an unknown kid',
    code: 'OAUTH_KEY_SELECTION_FAILED',
    spoil: async (provider) => {
      const other = await createSigningKey('unknown');
      provider.makeIdToken = (claims) => signRs256(claims, other);
    },
  },
  {
    name: 'a critical header nobody knows',
    code: 'OAUTH_UNSUPPORTED_OPERATION',
    spoil: (provider) => {
      provider.makeIdToken = async (claims, key) =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: 'RS256', kid: key.kid, crit: ['b64'], b64: true })
          .sign(key.privateKey, { crit: { b64: true } });
    },
  },
  { name: 'no token at all', code: 'OAUTH_INVALID_RESPONSE', ...tokenCase(async () => undefined as never) },
  { name: 'not a token', code: 'OAUTH_PARSE_ERROR', ...tokenCase(async () => 'a.b.c') },
  { name: 'an encrypted token', code: 'OAUTH_UNSUPPORTED_OPERATION', ...tokenCase(async () => 'a.b.c.d.e') },
  {
    name: 'several keys and no kid',
    code: 'OAUTH_KEY_SELECTION_FAILED',
    spoil: async (provider) => {
      provider.keys = [...provider.keys, (await createSigningKey('second')).publicJwk];
      provider.makeIdToken = (claims, key) =>
        new SignJWT(claims).setProtectedHeader({ alg: 'RS256' }).sign(key.privateKey);
    },
  },
];
