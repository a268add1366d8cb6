import { createHmac } from 'node:crypto';
import { type CryptoKey, exportJWK, exportSPKI, importJWK, type JWTPayload, SignJWT } from 'jose';
import { createSigningKey, signRs256, type TestProvider, type TokenMaker } from './provider.ts';

const now = () => Math.floor(Date.now() / 1000);
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** How a provider's answer differs from what Vipps sends. */
export type Case = { name: string; spoil: (provider: TestProvider) => void | Promise<void> };

const without = (claim: string) => (claims: JWTPayload) => {
  const { [claim]: _, ...rest } = claims;
  return rest;
};
const withClaims = (changed: JWTPayload) => (claims: JWTPayload) => ({ ...claims, ...changed });
const claimsCase = (name: string, change: (claims: JWTPayload) => JWTPayload): Case => ({
  name,
  spoil: (provider) => {
    provider.claims = change;
  },
});

const tokenCase = (makeIdToken: TokenMaker): Pick<Case, 'spoil'> => ({
  spoil: (provider) => {
    provider.makeIdToken = makeIdToken;
  },
});

/** None of these may lead to a login. */
export const refusedTokens: Case[] = [
  {
    name: 'a signature with one byte changed',
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
    spoil: (provider) => {
      provider.makeIdToken = async (claims, key) => {
        const [header, , signature] = (await signRs256(claims, key)).split('.');
        return [header, base64({ ...claims, sub: 'somebody-else' }), signature].join('.');
      };
    },
  },
  {
    name: 'a signature by another key under the same kid',
    spoil: async (provider) => {
      const other = await createSigningKey(provider.key.kid);
      provider.makeIdToken = (claims) => signRs256(claims, other);
    },
  },
  {
    name: 'alg none, which the metadata lists',
    spoil: (provider) => {
      provider.makeIdToken = async (claims) => `${base64({ alg: 'none' })}.${base64(claims)}.`;
    },
  },
  {
    name: 'alg none with the key id of a real key',
    spoil: (provider) => {
      provider.makeIdToken = async (claims, key) => `${base64({ alg: 'none', kid: key.kid })}.${base64(claims)}.`;
    },
  },
  {
    name: 'HS256 with the public key as secret',
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
    spoil: (provider) => {
      provider.makeIdToken = (claims) =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: 'HS256' })
          .sign(new TextEncoder().encode('secret of the test client'));
    },
  },
  {
    name: 'a good signature with another algorithm than the pinned one',
    spoil: async (provider) => {
      const other = await createSigningKey('es256', 'ES256');
      provider.keys = [...provider.keys, other.publicJwk];
      provider.makeIdToken = (claims) =>
        new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'es256' }).sign(other.privateKey);
    },
  },
  {
    name: 'the key in the header of the token',
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
    spoil: async (provider) => {
      const other = await createSigningKey('unknown');
      provider.makeIdToken = (claims) => signRs256(claims, other);
    },
  },
  {
    name: 'a critical header nobody knows',
    spoil: (provider) => {
      provider.makeIdToken = async (claims, key) =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: 'RS256', kid: key.kid, crit: ['b64'], b64: true })
          .sign(key.privateKey, { crit: { b64: true } });
    },
  },
  { name: 'no token at all', ...tokenCase(async () => undefined as never) },
  { name: 'not a token', ...tokenCase(async () => 'a.b.c') },
  { name: 'an encrypted token', ...tokenCase(async () => 'a.b.c.d.e') },
  claimsCase('another issuer', withClaims({ iss: 'https://evil.example/' })),
  claimsCase('the issuer without its slash', (claims) => ({ ...claims, iss: String(claims.iss).slice(0, -1) })),
  claimsCase('no issuer', without('iss')),
  claimsCase('another audience', withClaims({ aud: 'somebody-else' })),
  claimsCase('no audience', without('aud')),
  claimsCase('an empty audience', withClaims({ aud: [] })),
  claimsCase('an extra audience', (claims) => ({ ...claims, aud: [...(claims.aud as string[]), 'somebody-else'] })),
  claimsCase('an extra audience, and another authorized party', (claims) => ({
    ...claims,
    aud: [...(claims.aud as string[]), 'somebody-else'],
    azp: 'somebody-else',
  })),
  claimsCase('an audience that is no string', (claims) => ({
    ...claims,
    aud: [...(claims.aud as string[]), 5 as never],
  })),
  claimsCase('another authorized party', withClaims({ azp: 'somebody-else' })),
  claimsCase('another nonce', withClaims({ nonce: 'another' })),
  claimsCase('no nonce', without('nonce')),
  claimsCase('no sub', without('sub')),
  claimsCase('an empty sub', withClaims({ sub: '' })),
  claimsCase('a sub that is a number', withClaims({ sub: 5 as never })),
  claimsCase('a sub of 256 characters', withClaims({ sub: 'x'.repeat(256) })),
  claimsCase('a sub with NUL', withClaims({ sub: 'a\0b' })),
  claimsCase('a sub with a lone surrogate', withClaims({ sub: 'a\ud800b' })),
  claimsCase('no iat', without('iat')),
  claimsCase('an iat that is a string', (claims) => ({ ...claims, iat: String(claims.iat) as never })),
  claimsCase('an iat a week old', (claims) => ({ ...claims, iat: now() - 7 * 86_400 })),
  claimsCase('an iat eleven minutes old', (claims) => ({ ...claims, iat: now() - 660 })),
  claimsCase('an iat two minutes ahead', (claims) => ({ ...claims, iat: now() + 120 })),
  claimsCase('no exp', without('exp')),
  claimsCase('expired a minute ago', (claims) => ({ ...claims, exp: now() - 60 })),
  claimsCase('not valid yet', (claims) => ({ ...claims, nbf: now() + 300 })),
  claimsCase('a wrong at_hash', withClaims({ at_hash: Buffer.alloc(16).toString('base64url') })),
  claimsCase('an at_hash that is no string', withClaims({ at_hash: 5 })),
  claimsCase('an at_hash cut short', (claims) => ({ ...claims, at_hash: String(claims.at_hash).slice(0, 10) })),
  {
    name: 'several keys and no kid',
    spoil: async (provider) => {
      provider.keys = [...provider.keys, (await createSigningKey('second')).publicJwk];
      provider.makeIdToken = (claims, key) =>
        new SignJWT(claims).setProtectedHeader({ alg: 'RS256' }).sign(key.privateKey);
    },
  },
  {
    name: 'a token response that is no JSON',
    spoil: (provider) => {
      provider.respond.set('/token', (_, response) => {
        response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
      });
    },
  },
  {
    name: 'a token response without an access token',
    spoil: (provider) => {
      provider.respond.set('/token', (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"token_type":"bearer"}');
      });
    },
  },
  {
    name: 'a code the provider does not know',
    spoil: (provider) => {
      provider.respond.set('/token', (_, response) => {
        response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}');
      });
    },
  },
  {
    name: 'a redirect at the token endpoint',
    spoil: (provider) => {
      provider.respond.set('/token', (_, response) => {
        response.writeHead(302, { location: `${provider.issuer}elsewhere` }).end();
      });
    },
  },
];

/** All of these are as the standard allows. */
export const acceptedTokens: Case[] = [
  { name: 'as it should be', spoil: () => undefined },
  claimsCase('an audience that is one string', (claims) => ({ ...claims, aud: (claims.aud as string[])[0] ?? '' })),
  claimsCase('an extra audience with us as authorized party', (claims) => {
    const [us = ''] = claims.aud as string[];
    return { ...claims, aud: [us, 'somebody-else'], azp: us };
  }),
  claimsCase('no at_hash', without('at_hash')),
  claimsCase('expired within the tolerance', (claims) => ({ ...claims, exp: now() - 10 })),
  claimsCase('an iat nine minutes old', (claims) => ({ ...claims, iat: now() - 540 })),
  {
    name: 'no kid and a single key',
    spoil: (provider) => {
      provider.makeIdToken = (claims, key) =>
        new SignJWT(claims).setProtectedHeader({ alg: 'RS256' }).sign(key.privateKey);
    },
  },
];
