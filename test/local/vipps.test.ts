import assert from 'node:assert/strict';
import * as oidc from 'openid-client';
import { test } from 'vitest';
import type { LocalClient } from '../../local/identity-provider/client.ts';
import type { Person } from '../../local/identity-provider/person.ts';
import { subjectAt } from '../../local/identity-provider/person.ts';
import { startIdentityProvider } from '../../local/identity-provider.ts';
import { sampleNumbers } from '../support/samples.ts';
import { agreement, connect, somebody } from './support/relying-party.ts';

const person = somebody('vipps');
const units = ['one', 'other'].map((organization) =>
  agreement('vipps', { organization, clientId: `client-${organization}` }),
);
const SCOPE = 'openid name phoneNumber email birthDate nin';

/** A complete login; answers the verified ID token's claims and userinfo, or the error the app is told. */
async function logIn(who: Person, client?: LocalClient, form?: Record<string, string>) {
  await using vipps = await connect(who, { clients: units, ...(client === undefined ? {} : { client }) });
  const { back, pages } = await vipps.authorize(await vipps.parameters(SCOPE), form);
  const error = back.searchParams.get('error');
  if (error !== null) return { error };
  const tokens = await vipps.redeem(back);
  const idToken = tokens.claims();
  const userinfo = await oidc.fetchUserInfo(vipps.configuration, tokens.access_token, idToken?.sub ?? '');
  return { idToken, userinfo, page: pages[0] ?? '', metadata: vipps.metadata, issuer: vipps.issuer };
}

test('a login gives Vipps’ claims in userinfo and none of them in the ID token', async () => {
  const { idToken, userinfo, issuer } = await logIn(person);
  assert.equal(idToken?.iss, issuer);
  assert.ok(issuer?.endsWith('/access-management-1.0/access/'));
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
  const { metadata, issuer = '' } = await logIn(person);
  assert.equal(metadata?.authorization_endpoint, `${issuer}oauth2/auth`);
  assert.equal(metadata?.token_endpoint, `${issuer}oauth2/token`);
  assert.equal(metadata?.jwks_uri, `${issuer}.well-known/jwks.json`);
  assert.equal(metadata?.userinfo_endpoint, new URL('/vipps-userinfo-api/userinfo', issuer).href);
  assert.deepEqual(metadata?.token_endpoint_auth_methods_supported, ['client_secret_basic']);
  assert.equal(metadata?.pushed_authorization_request_endpoint, undefined);
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
  const { page = '' } = await logIn(person);
  assert.match(page, /<form method="post" action="[^"]+">/);
  assert.match(page, /<input type="radio" name="person" value="one-sample" checked>/);
  assert.ok(page.includes('Somebody &lt;b&gt;bold') && !page.includes('<script'));
});

test('somebody else can log in at the same browser, without a page in between', async () => {
  const second = { ...person, id: 'one-second' };
  await using vipps = await connect(person, { clients: units, others: [second] });
  for (const who of [person, second, person]) {
    const { back, pages } = await vipps.authorize(await vipps.parameters(SCOPE), { person: who.id });
    assert.equal(pages.length, 1);
    const { sub } = (await vipps.redeem(back)).claims() ?? {};
    assert.equal(sub, subjectAt('client-one', who.id));
  }
});

test('an unknown login is told so', async () => {
  const provider = await startIdentityProvider({ clients: units, persons: [person] });
  const response = await fetch(`${provider.issuer}login/unknown`);
  assert.deepEqual([response.status, await response.text()], [400, 'This login is over. Start again.\n']);
  await provider.close();
});
