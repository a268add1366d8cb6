import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { importJWK, type JWK, SignJWT } from 'jose';
import * as oidc from 'openid-client';

// The peer of a whole login: the same exchange with the provider, the same checks of what it sends, the same answers to the
// app, and nothing behind: no database, no member, no number. What is between two requests is kept in memory.
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
const transactions = new Map<string, Transaction>();
const codes = new Map<string, { challenge: string; subject: string }>();
const app = new Hono();

app.get('/login/:organization/:provider', async (c) => {
  const id = randomUUID();
  const verifier = oidc.randomPKCECodeVerifier();
  const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
  transactions.set(id, {
    ...{ verifier, state, nonce, returnTo: c.req.query('return_to') ?? '' },
    ...{ appState: c.req.query('state') ?? '', challenge: c.req.query('code_challenge') ?? '' },
  });
  setCookie(c, 'transaction', id, { httpOnly: true, path: '/' });
  const code_challenge = await oidc.calculatePKCECodeChallenge(verifier);
  const parameters = { redirect_uri: redirectUri, scope, state, nonce, code_challenge, code_challenge_method: 'S256' };
  return c.redirect(oidc.buildAuthorizationUrl(provider, parameters).href);
});

app.get('/callback/:organization/:provider', async (c) => {
  const id = getCookie(c, 'transaction') ?? '';
  const transaction = transactions.get(id);
  transactions.delete(id);
  if (transaction === undefined) return c.text('no transaction', 400);
  const url = new URL(c.req.url);
  const tokens = await oidc.authorizationCodeGrant(provider, new URL(`${redirectUri}${url.search}`), {
    ...{ pkceCodeVerifier: transaction.verifier, expectedState: transaction.state, expectedNonce: transaction.nonce },
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

app.post('/token', async (c) => {
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
