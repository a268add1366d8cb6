import { type JWTPayload, SignJWT } from 'jose';
import type { Case } from './case.ts';
import { number } from './world.ts';

const now = () => Math.floor(Date.now() / 1000);

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

/** Well signed, and claiming what may not be claimed. None of these may lead to a login. */
export const claimCases: Case[] = [
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
  ...['Bearer', 'Refresh', 'Offline', 'Logout', 'at+jwt', '', 5, null, ['ID']].map((typ) =>
    claimsCase(`the mark of another kind of token: ${JSON.stringify(typ)}`, 'id_token_typ_wrong', withClaims({ typ })),
  ),
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
  ...['ID', 'id', 'JWT'].map((typ) => claimsCase(`marked as ${typ}`, undefined, withClaims({ typ }))),
  ...['JWT', 'jwt', 'application/jwt'].map(
    (typ): Case => ({
      name: `a header that says ${typ}`,
      spoil: (provider) => {
        provider.makeIdToken = (claims, { kid, privateKey }) =>
          new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid, typ }).sign(privateKey);
      },
    }),
  ),
  {
    name: 'no kid and a single key',
    spoil: (provider) => {
      provider.makeIdToken = (claims, key) =>
        new SignJWT(claims).setProtectedHeader({ alg: 'RS256' }).sign(key.privateKey);
    },
  },
];
