import { type CryptoKey, exportJWK, importJWK, type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose';
import type { Case } from './case.ts';
import { createSigningKey, type SigningKey, signRs256, type TestProvider } from './provider.ts';

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token whose header claims a key of the attacker's making, in one of the ways that RFC 7515 section 4.1 knows. */
const ownKey = (name: string, header: (provider: TestProvider, key: SigningKey) => Promise<object> | object): Case => ({
  name,
  code: 'OAUTH_KEY_SELECTION_FAILED',
  spoil: async (provider) => {
    const key = await createSigningKey('of-the-attacker');
    const more = await header(provider, key);
    provider.makeIdToken = (claims) => signWith(key, { alg: 'RS256', kid: key.kid, ...more }, claims);
  },
});

const signWith = (key: { privateKey: CryptoKey }, header: JWTHeaderParameters, claims: JWTPayload) =>
  new SignJWT(claims).setProtectedHeader(header).sign(key.privateKey);

/** The real key, and a header that says something else than it should. */
const realKey = (name: string, code: string, header: (key: SigningKey) => object): Case => ({
  name,
  code,
  spoil: (provider) => {
    provider.makeIdToken = async (claims, key) => replaceHeader(await signRs256(claims, key), header(key));
  },
});

/** The signature then is not over this header any more, which no check may come to before the header's own. */
function replaceHeader(jwt: string, header: object): string {
  const [, payload, signature] = jwt.split('.');
  return [base64(header), payload, signature].join('.');
}

/** Signed by the provider, and said to be something else than an ID token (RFC 8725 section 3.11). */
const otherKind = (name: string, typ: unknown): Case => ({
  name,
  code: 'id_token_typ_wrong',
  spoil: (provider) => {
    provider.makeIdToken = (claims, key) => signWith(key, { alg: 'RS256', kid: key.kid, typ: typ as string }, claims);
  },
});

const resigned = (name: string, code: string, alg: string): Case => ({
  name,
  code,
  spoil: (provider) => {
    provider.makeIdToken = async (claims, { kid, privateKey }) => {
      const key = await importJWK(await exportJWK(privateKey), alg);
      return new SignJWT(claims).setProtectedHeader({ alg, kid }).sign(key);
    };
  },
});

const mangled = (name: string, code: string, change: (jwt: string) => string): Case => ({
  name,
  code,
  spoil: (provider) => {
    provider.makeIdToken = async (claims, key) => change(await signRs256(claims, key));
  },
});

/** RS256 leaves four bits of its last letter unused; this changes the lowest. */
function nextLetter(letter: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return letters[letters.indexOf(letter) ^ 1] ?? '';
}

const unusable = 'OAUTH_INVALID_RESPONSE';
const unsupported = 'OAUTH_UNSUPPORTED_OPERATION';

/** Tricks with the header and the form of a token. None may lead to a login, or to a request to a place the token names. */
export const headerCases: Case[] = [
  ownKey('jku: a key set of the attacker', (provider) => ({ jku: `${provider.issuer}elsewhere` })),
  ownKey('x5u: a certificate of the attacker', (provider) => ({ x5u: `${provider.issuer}elsewhere` })),
  ownKey('x5c: a certificate in the token', () => ({ x5c: [Buffer.from('certificate').toString('base64')] })),
  ownKey('jwk: the key in the token', async (_, key) => ({ jwk: await exportJWK(key.privateKey) })),
  {
    name: 'jwk: the key in the token, under the kid of a real key',
    code: unusable,
    spoil: async (provider) => {
      const key = await createSigningKey(provider.key.kid);
      provider.makeIdToken = (claims) => signWith(key, { alg: 'RS256', kid: key.kid, jwk: key.publicJwk }, claims);
    },
  },
  realKey('crit: something nobody knows', unsupported, ({ kid }) => ({ alg: 'RS256', kid, crit: ['x'], x: 1 })),
  realKey('crit: empty', unsupported, ({ kid }) => ({ alg: 'RS256', kid, crit: [] })),
  realKey('crit: no list', unsupported, ({ kid }) => ({ alg: 'RS256', kid, crit: 'exp' })),
  realKey('alg in small letters', unusable, ({ kid }) => ({ alg: 'rs256', kid })),
  realKey('alg null', unusable, ({ kid }) => ({ alg: null, kid })),
  realKey('no alg', unusable, ({ kid }) => ({ kid })),
  realKey('alg as a list', unusable, ({ kid }) => ({ alg: ['RS256'], kid })),
  realKey('kid as a path', 'OAUTH_KEY_SELECTION_FAILED', () => ({ alg: 'RS256', kid: '../../../../dev/null' })),
  realKey('kid as SQL', 'OAUTH_KEY_SELECTION_FAILED', () => ({ alg: 'RS256', kid: "x' or '1'='1" })),
  realKey('kid as a number', 'OAUTH_KEY_SELECTION_FAILED', () => ({ alg: 'RS256', kid: 5 })),
  realKey('kid of 100 000 characters', 'OAUTH_KEY_SELECTION_FAILED', () => ({
    alg: 'RS256',
    kid: 'k'.repeat(100_000),
  })),
  realKey('a header that was not signed', unusable, ({ kid }) => ({ alg: 'RS256', kid, typ: 'other' })),
  ...[
    'at+jwt',
    'application/at+jwt',
    'logout+jwt',
    'secevent+jwt',
    'dpop+jwt',
    'token-introspection+jwt',
    'oauth-authz-req+jwt',
    'entity-statement+jwt',
    'vc+sd-jwt',
    'jwt+at',
    'other',
    '',
    ' JWT',
    5,
    null,
    ['JWT'],
  ].map((typ) => otherKind(`typ of another kind of token: ${JSON.stringify(typ)}`, typ)),
  resigned('PS256 with the RSA key', unusable, 'PS256'),
  resigned('RS512 with the RSA key', unusable, 'RS512'),
  mangled('padding in a segment', 'id_token_form_invalid', (jwt) => `${jwt}==`),
  mangled('a line feed in a segment', 'id_token_form_invalid', (jwt) => `${jwt.slice(0, -5)}\n${jwt.slice(-5)}`),
  mangled(
    'bits left over after the signature',
    'id_token_form_invalid',
    (jwt) => jwt.slice(0, -1) + nextLetter(jwt.at(-1) ?? ''),
  ),
  mangled('a fourth segment', unusable, (jwt) => `${jwt}.`),
  mangled('no signature', unusable, (jwt) => jwt.slice(0, jwt.lastIndexOf('.') + 1)),
  mangled('two segments', unusable, (jwt) => jwt.slice(0, jwt.lastIndexOf('.'))),
  mangled('a list as claims', unusable, (jwt) => [jwt.split('.')[0], base64([]), jwt.split('.')[2]].join('.')),
  mangled('a list as header', unusable, (jwt) => [base64([]), ...jwt.split('.').slice(1)].join('.')),
];
