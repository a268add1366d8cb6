import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as oidc from 'openid-client';
import { openBrowser } from '../../local/browser.ts';
import type { Person } from '../../local/identity-provider/person.ts';
import { startIdentityProvider } from '../../local/identity-provider.ts';
import { sampleNumbers } from '../support/samples.ts';

const person: Person = {
  id: 'one-sample',
  organization: 'one',
  story: 'Somebody <b>bold</b>',
  givenName: 'Munter',
  familyName: 'Bjørkeløv',
  birthDate: '1950-01-01',
  phone: '+4700000001',
  email: 'munter@person.example',
  personnummer: sampleNumbers[0],
  behaviour: 'given',
};

const HOME = 'http://127.0.0.1:9/callback';
const units = ['one', 'other'].map((organization) => ({
  organization,
  clientId: `client-${organization}`,
  clientSecret: `secret-${organization}`,
  redirectUri: HOME,
}));
const SCOPE = 'openid name phoneNumber email birthDate nin';

/** A complete login with PKCE; answers the verified ID token's claims and userinfo, or the error the app is told. */
async function logIn(who: Person, client = units[0], form: Record<string, string> = { person: who.id }) {
  const provider = await startIdentityProvider({ units, persons: [who, { ...who, organization: 'other' }] });
  try {
    const secret = oidc.ClientSecretBasic(client?.clientSecret);
    const options = { execute: [oidc.allowInsecureRequests] };
    const relyingParty = await oidc.discovery(new URL(provider.issuer), client?.clientId ?? '', {}, secret, options);
    const verifier = oidc.randomPKCECodeVerifier();
    const start = oidc.buildAuthorizationUrl(relyingParty, {
      redirect_uri: HOME,
      scope: SCOPE,
      state: 'state-of-8-or-more',
      nonce: 'nonce-of-8-or-more',
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    const browser = openBrowser();
    const isHome = (url: URL) => url.href.startsWith(HOME);
    const there = await browser.follow(await browser.get(start.href), isHome);
    assert.ok('page' in there);
    const page = await there.page.text();
    const back = await browser.follow(await browser.post(there.page.url, form), isHome);
    assert.ok('home' in back);
    const error = back.home.searchParams.get('error');
    if (error !== null) return { error, page, issuer: provider.issuer };
    const checks = {
      pkceCodeVerifier: verifier,
      expectedState: 'state-of-8-or-more',
      expectedNonce: 'nonce-of-8-or-more',
    };
    const tokens = await oidc.authorizationCodeGrant(relyingParty, back.home, checks);
    const idToken = tokens.claims();
    const userinfo = await oidc.fetchUserInfo(relyingParty, tokens.access_token, idToken?.sub ?? '');
    return { idToken, userinfo, page, metadata: relyingParty.serverMetadata(), issuer: provider.issuer };
  } finally {
    await provider.close();
  }
}

test('a login gives Vipps’ claims in userinfo and none of them in the ID token', async () => {
  const { idToken, userinfo, issuer } = await logIn(person);
  assert.equal(idToken?.iss, issuer);
  assert.ok(issuer.endsWith('/access-management-1.0/access/'));
  assert.equal(idToken?.nin, undefined);
  assert.match(String(userinfo?.sub), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
  const { sub: _, ...claims } = userinfo ?? {};
  assert.deepEqual(claims, {
    name: 'Munter Bjørkeløv',
    given_name: 'Munter',
    family_name: 'Bjørkeløv',
    birthdate: '1950-01-01',
    phone_number: '4700000001',
    phone_number_verified: true,
    email: 'munter@person.example',
    email_verified: true,
    nin: sampleNumbers[0],
  });
});

test('the addresses are where Vipps has them', async () => {
  const { metadata, issuer } = await logIn(person);
  assert.equal(metadata?.authorization_endpoint, `${issuer}oauth2/auth`);
  assert.equal(metadata?.token_endpoint, `${issuer}oauth2/token`);
  assert.equal(metadata?.jwks_uri, `${issuer}.well-known/jwks.json`);
  assert.equal(metadata?.userinfo_endpoint, new URL('/vipps-userinfo-api/userinfo', issuer).href);
  assert.deepEqual(metadata?.token_endpoint_auth_methods_supported, ['client_secret_basic']);
});

test('one person has a subject of their own in each organisation, the same at every login', async () => {
  const [first, again, elsewhere] = [await logIn(person), await logIn(person), await logIn(person, units[1])];
  assert.equal(first.userinfo?.sub, again.userinfo?.sub);
  assert.notEqual(first.userinfo?.sub, elsewhere.userinfo?.sub);
});

test('a person who withholds the scope sends no number', async () => {
  const { userinfo } = await logIn({ ...person, behaviour: 'withheld' });
  assert.ok(userinfo !== undefined && !('nin' in userinfo) && userinfo.given_name === 'Munter');
});

test('a malformed number is a JSON number', async () => {
  const { userinfo } = await logIn({ ...person, behaviour: 'malformed' });
  assert.equal(typeof userinfo?.nin, 'number');
});

test('declining, by the person’s nature or by the second button, is access_denied', async () => {
  assert.equal((await logIn({ ...person, declines: true })).error, 'access_denied');
  assert.equal((await logIn(person, units[0], { decision: 'decline' })).error, 'access_denied');
});

test('the page is a form with the field person and escapes what it shows', async () => {
  const { page } = await logIn(person);
  assert.match(page, /<form method="post" action="[^"]+">/);
  assert.match(page, /<input type="radio" name="person" value="one-sample" checked>/);
  assert.ok(page.includes('Somebody &lt;b&gt;bold') && !page.includes('<script'));
});

test('an unknown person and an unknown login are told so', async () => {
  const provider = await startIdentityProvider({ units, persons: [person] });
  const response = await fetch(`${provider.issuer}login/unknown`);
  assert.deepEqual([response.status, await response.text()], [400, 'This login is over. Start again.\n']);
  await provider.close();
});
