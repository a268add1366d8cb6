import { createHash, randomBytes } from 'node:crypto';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { secureHeaders } from 'hono/secure-headers';
import { EncryptJWT, importJWK, type JWK, jwtDecrypt, SignJWT } from 'jose';
import * as oidc from 'openid-client';

// The peer of a whole login: the same exchange with the provider, the same checks of what it sends, the same answers to the
// app, and nothing behind: no database, no member, no number. Written as somebody would deploy it, with the libraries one
// takes for each thing: the transaction travels in an encrypted cookie, because the browser may come back to another replica,
// and every answer has security headers, every body a limit, every request to the provider a time. What would be a store of
// sessions behind it, the app's codes, is a map in memory.
const [port = '', issuer = '', clientId = '', secret = '', redirectUri = '', scope = '', signingKeys = ''] =
  process.argv.slice(2);
const {
  keys: [jwk],
} = JSON.parse(signingKeys) as { keys: [JWK] };
const signingKey = await importJWK(jwk, 'ES256');
const provider = await oidc.discovery(new URL(issuer), clientId, undefined, oidc.ClientSecretBasic(secret), {
  execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks],
});
type Transaction = {
  verifier: string;
  state: string;
  nonce: string;
  returnTo: string;
  appState: string;
  challenge: string;
};
const cookieKey = randomBytes(32);
const cookie = { httpOnly: true, secure: true, sameSite: 'Lax', path: '/' } as const;
provider.timeout = 5;
const codes = new Map<string, { challenge: string; subject: string }>();
const app = new Hono();
app.use(secureHeaders());

app.get('/login/:organization/:provider', async (c) => {
  const verifier = oidc.randomPKCECodeVerifier();
  const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
  const transaction: Transaction = {
    verifier,
    state,
    nonce,
    returnTo: c.req.query('return_to') ?? '',
    appState: c.req.query('state') ?? '',
    challenge: c.req.query('code_challenge') ?? '',
  };
  const sealed = new EncryptJWT(transaction)
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
    .setExpirationTime('10m');
  setCookie(c, '__Host-transaction', await sealed.encrypt(cookieKey), { ...cookie, maxAge: 600 });
  const code_challenge = await oidc.calculatePKCECodeChallenge(verifier);
  const parameters = { redirect_uri: redirectUri, scope, state, nonce, code_challenge, code_challenge_method: 'S256' };
  return c.redirect(oidc.buildAuthorizationUrl(provider, parameters).href);
});

app.get('/callback/:organization/:provider', async (c) => {
  const sealed = getCookie(c, '__Host-transaction') ?? '';
  deleteCookie(c, '__Host-transaction', cookie);
  const opened = await jwtDecrypt<Transaction>(sealed, cookieKey).catch(() => undefined);
  if (opened === undefined) return c.text('no transaction', 400);
  const transaction = opened.payload;
  const url = new URL(c.req.url);
  const tokens = await oidc.authorizationCodeGrant(provider, new URL(`${redirectUri}${url.search}`), {
    pkceCodeVerifier: transaction.verifier,
    expectedState: transaction.state,
    expectedNonce: transaction.nonce,
    idTokenExpected: true,
  });
  const subject = tokens.claims()?.sub ?? '';
  await oidc.fetchUserInfo(provider, tokens.access_token, subject);
  const code = randomBytes(32).toString('base64url');
  codes.set(code, { challenge: transaction.challenge, subject });
  const home = new URL(transaction.returnTo);
  home.search = new URLSearchParams({ code, state: transaction.appState }).toString();
  return c.redirect(home.href);
});

app.post('/token', bodyLimit({ maxSize: 16 * 1024 }), async (c) => {
  const form = await c.req.parseBody();
  const known = codes.get(String(form.code));
  codes.delete(String(form.code));
  const challenge = createHash('sha256').update(String(form.code_verifier)).digest('base64url');
  if (known?.challenge !== challenge) return c.json({ error: 'invalid_grant' }, 400);
  const access_token = await new SignJWT({ role: 'authenticated' })
    .setProtectedHeader({ alg: 'ES256', kid: String(jwk.kid) })
    .setSubject(known.subject)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(signingKey);
  return c.json({
    access_token,
    refresh_token: randomBytes(32).toString('base64url'),
    token_type: 'bearer',
    expires_in: 3600,
  });
});

app.get('/readyz', (c) => c.text('ok'));
serve({ fetch: app.fetch, port: Number(port), hostname: '127.0.0.1' });
