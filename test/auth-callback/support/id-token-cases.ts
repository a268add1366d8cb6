import { createHmac } from 'node:crypto';
import { type CryptoKey, exportJWK, exportSPKI, importJWK, type JWTPayload, SignJWT } from 'jose';
import { createSigningKey, json, signRs256, type TestProvider, type TokenMaker } from './provider.ts';
import { number } from './world.ts';

const now = () => Math.floor(Date.now() / 1000);
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** How a provider's answer differs from what Vipps sends. */
export type Case = {
  name: string;
  /** The reason in the log; undefined where the login succeeds. */
  code?: string | undefined;
  spoil: (provider: TestProvider) => void | Promise<void>;
};

const without = (claim: string) => (claims: JWTPayload) => {
  const { [claim]: _, ...rest } = claims;
  return rest;
};
const withClaims = (changed: JWTPayload) => (claims: JWTPayload) => ({ ...claims, ...changed });
const claimsCase = (name: string, code: string | undefined, change: (claims: JWTPayload) => JWTPayload): Case => ({
  name,
  code,
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
  claimsCase('another issuer', 'OAUTH_JWT_CLAIM_COMPARISON_FAILED', withClaims({ iss: 'https://evil.example/' })),
  claimsCase('the issuer without its slash', 'OAUTH_JWT_CLAIM_COMPARISON_FAILED', (claims) => ({
    ...claims,
    iss: String(claims.iss).slice(0, -1),
  })),
  claimsCase('no issuer', 'OAUTH_INVALID_RESPONSE', without('iss')),
  claimsCase('another audience', 'OAUTH_JWT_CLAIM_COMPARISON_FAILED', withClaims({ aud: 'somebody-else' })),
  claimsCase('no audience', 'OAUTH_INVALID_RESPONSE', without('aud')),
  claimsCase('an empty audience', 'OAUTH_JWT_CLAIM_COMPARISON_FAILED', withClaims({ aud: [] })),
  claimsCase('an extra audience', 'OAUTH_JWT_CLAIM_COMPARISON_FAILED', (claims) => ({
    ...claims,
    aud: [...(claims.aud as string[]), 'somebody-else'],
  })),
  claimsCase('an extra audience, and another authorized party', 'OAUTH_JWT_CLAIM_COMPARISON_FAILED', (claims) => ({
    ...claims,
    aud: [...(claims.aud as string[]), 'somebody-else'],
    azp: 'somebody-else',
  })),
  claimsCase('an audience that is no string', 'OAUTH_JWT_CLAIM_COMPARISON_FAILED', (claims) => ({
    ...claims,
    aud: [...(claims.aud as string[]), 5 as never],
  })),
  claimsCase('another authorized party', 'id_token_azp_invalid', withClaims({ azp: 'somebody-else' })),
  claimsCase('another nonce', 'OAUTH_JWT_CLAIM_COMPARISON_FAILED', withClaims({ nonce: 'another' })),
  claimsCase('no nonce', 'OAUTH_INVALID_RESPONSE', without('nonce')),
  claimsCase('no sub', 'OAUTH_INVALID_RESPONSE', without('sub')),
  claimsCase('an empty sub', 'id_token_sub_invalid', withClaims({ sub: '' })),
  claimsCase('a sub that is a number', 'OAUTH_INVALID_RESPONSE', withClaims({ sub: 5 as never })),
  claimsCase('a sub of 256 characters', 'id_token_sub_invalid', withClaims({ sub: 'x'.repeat(256) })),
  claimsCase('a sub with NUL', 'id_token_sub_invalid', withClaims({ sub: 'a\0b' })),
  claimsCase('a sub with a lone surrogate', 'id_token_sub_invalid', withClaims({ sub: 'a\ud800b' })),
  claimsCase('a sub that holds a personnummer', 'id_token_sub_invalid', withClaims({ sub: `no:${number}` })),
  claimsCase('a nonce in a list', 'OAUTH_JWT_CLAIM_COMPARISON_FAILED', (claims) => ({
    ...claims,
    nonce: [claims.nonce] as never,
  })),
  claimsCase('an issuer in a list', 'OAUTH_INVALID_RESPONSE', (claims) => ({ ...claims, iss: [claims.iss] as never })),
  claimsCase('an exp that is a string', 'OAUTH_INVALID_RESPONSE', (claims) => ({
    ...claims,
    exp: String(claims.exp) as never,
  })),
  claimsCase('an nbf that is a string', 'OAUTH_INVALID_RESPONSE', withClaims({ nbf: '0' as never })),
  claimsCase('no iat', 'OAUTH_INVALID_RESPONSE', without('iat')),
  claimsCase('an iat that is a string', 'OAUTH_INVALID_RESPONSE', (claims) => ({
    ...claims,
    iat: String(claims.iat) as never,
  })),
  claimsCase('an iat a week old', 'id_token_iat_out_of_range', (claims) => ({ ...claims, iat: now() - 7 * 86_400 })),
  claimsCase('an iat eleven minutes old', 'id_token_iat_out_of_range', (claims) => ({ ...claims, iat: now() - 660 })),
  claimsCase('an iat two minutes ahead', 'id_token_iat_out_of_range', (claims) => ({ ...claims, iat: now() + 120 })),
  claimsCase('no exp', 'OAUTH_INVALID_RESPONSE', without('exp')),
  claimsCase('expired a minute ago', 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED', (claims) => ({ ...claims, exp: now() - 60 })),
  claimsCase('not valid yet', 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED', (claims) => ({ ...claims, nbf: now() + 300 })),
  claimsCase(
    'a wrong at_hash',
    'id_token_at_hash_wrong',
    withClaims({ at_hash: Buffer.alloc(16).toString('base64url') }),
  ),
  claimsCase('an at_hash that is no string', 'id_token_at_hash_wrong', withClaims({ at_hash: 5 })),
  claimsCase('an at_hash cut short', 'id_token_at_hash_wrong', (claims) => ({
    ...claims,
    at_hash: String(claims.at_hash).slice(0, 10),
  })),
  {
    name: 'several keys and no kid',
    code: 'OAUTH_KEY_SELECTION_FAILED',
    spoil: async (provider) => {
      provider.keys = [...provider.keys, (await createSigningKey('second')).publicJwk];
      provider.makeIdToken = (claims, key) =>
        new SignJWT(claims).setProtectedHeader({ alg: 'RS256' }).sign(key.privateKey);
    },
  },
  {
    name: 'a token response that is no JSON',
    code: 'OAUTH_RESPONSE_IS_NOT_JSON',
    spoil: (provider) => {
      provider.respond.set('/token', (_, response) => {
        response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
      });
    },
  },
  {
    name: 'a token response without an access token',
    code: 'OAUTH_INVALID_RESPONSE',
    spoil: (provider) => {
      provider.respond.set('/token', (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"token_type":"bearer"}');
      });
    },
  },
  {
    name: 'a code the provider does not know',
    code: 'provider_refused_code',
    spoil: (provider) => {
      provider.respond.set('/token', (_, response) => {
        response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}');
      });
    },
  },
  {
    name: 'a token of another type than bearer',
    code: 'OAUTH_PARSE_ERROR',
    spoil: (provider) => {
      provider.respond.set('/token', (_, response) => {
        json(response, 200, { access_token: 'x', token_type: 'mac', expires_in: 1, id_token: 'a.b.c' });
      });
    },
  },
  {
    name: 'an ID token that is no string',
    code: 'OAUTH_INVALID_RESPONSE',
    spoil: (provider) => {
      provider.respond.set('/token', (_, response) => {
        json(response, 200, { access_token: 'x', token_type: 'bearer', expires_in: 1, id_token: { alg: 'none' } });
      });
    },
  },
  {
    name: 'a redirect at the token endpoint',
    code: 'OAUTH_RESPONSE_IS_NOT_CONFORM',
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
  claimsCase('an audience that is one string', undefined, (claims) => ({
    ...claims,
    aud: (claims.aud as string[])[0] ?? '',
  })),
  claimsCase('an extra audience with us as authorized party', undefined, (claims) => {
    const [us = ''] = claims.aud as string[];
    return { ...claims, aud: [us, 'somebody-else'], azp: us };
  }),
  claimsCase('no at_hash', undefined, without('at_hash')),
  claimsCase('expired within the tolerance', undefined, (claims) => ({ ...claims, exp: now() - 10 })),
  claimsCase('an iat half a minute ahead', undefined, (claims) => ({ ...claims, iat: now() + 30 })),
  claimsCase('an iat nine minutes old', undefined, (claims) => ({ ...claims, iat: now() - 540 })),
  {
    name: 'no kid and a single key',
    spoil: (provider) => {
      provider.makeIdToken = (claims, key) =>
        new SignJWT(claims).setProtectedHeader({ alg: 'RS256' }).sign(key.privateKey);
    },
  },
];
