import assert from 'node:assert/strict';
import { decodeProtectedHeader } from 'jose';
import * as oidc from 'openid-client';
import { test } from 'vitest';
import { openBrowser } from '../../local/browser.ts';
import { sampleNumbers } from '../support/samples.ts';
import { agreement, connect, type RelyingParty, signingProof, somebody, visit } from './support/relying-party.ts';

const person = somebody('bankid');
const FIRST_LEG = 'openid profile nnin_altsub';

async function firstLeg(bankid: RelyingParty) {
  const { back, pages } = await bankid.authorize(await bankid.parameters(FIRST_LEG));
  const tokens = await bankid.redeem(back);
  return { tokens, claims: { ...tokens.claims() }, pages };
}

/** The second leg by a pushed request, in the browser of the first. */
async function secondLeg(bankid: RelyingParty, hint: string, answer: 'yes' | 'no') {
  const parameters = { ...(await bankid.parameters('openid nnin')), id_token_hint: hint };
  const start = await oidc.buildAuthorizationUrlWithPAR(bankid.configuration, parameters);
  assert.ok(!start.href.includes(hint));
  const { back, pages } = await visit(bankid.browser, start, { person: person.id, answer });
  const tokens = await bankid.redeem(back);
  const sub = tokens.claims()?.sub ?? '';
  return { pages, sub, userinfo: await oidc.fetchUserInfo(bankid.configuration, tokens.access_token, sub) };
}

test('a login gives BankID’s claims, the number among them, in an ID token signed with ES256', async () => {
  await using bankid = await connect(person);
  const { tokens, claims, pages } = await firstLeg(bankid);
  assert.match(bankid.issuer, /\/auth\/realms\/local$/);
  assert.equal(decodeProtectedHeader(tokens.id_token ?? '').alg, 'ES256');
  assert.equal(pages.length, 1);
  const { acr, amr, nnin_altsub, name, birthdate, typ, azp, bankid_altsub, nnin, iss } = claims;
  assert.deepEqual(
    { acr, amr, nnin_altsub, name, birthdate, typ, azp, nnin, iss },
    {
      acr: 'urn:bankid:bid;LOA=4',
      amr: ['bid', 'bid-mfa'],
      nnin_altsub: sampleNumbers[0],
      name: 'Munter Bjørkeløv',
      birthdate: '1950-01-01',
      typ: 'ID',
      azp: 'client-one',
      nnin: undefined,
      iss: bankid.issuer,
    },
  );
  assert.match(String(bankid_altsub), /^9578-6000-4-[0-9]{6}$/);
});

test('the second leg asks for consent and for nothing else, and gives nnin in userinfo', async () => {
  await using bankid = await connect(person);
  const first = await firstLeg(bankid);
  const { pages, sub, userinfo } = await secondLeg(bankid, first.tokens.id_token ?? '', 'yes');
  assert.equal(pages.length, 1);
  assert.match(pages[0] ?? '', /national identity number/);
  assert.doesNotMatch(pages[0] ?? '', /name="person"/);
  assert.equal(sub, first.claims.sub);
  assert.deepEqual(userinfo, { sub, nnin: sampleNumbers[0] });
});

test('a refusal, by the button or by the person’s nature, is a success without the claim', async () => {
  for (const [who, answer] of [
    [person, 'no'],
    [{ ...person, refusesConsent: true }, 'yes'],
  ] as const) {
    await using bankid = await connect(who);
    const first = await firstLeg(bankid);
    const { sub, userinfo } = await secondLeg(bankid, first.tokens.id_token ?? '', answer);
    assert.deepEqual(userinfo, { sub });
  }
});

test('where pushed requests are not offered, the authorization endpoint takes a form', async () => {
  await using bankid = await connect(person, { pushedRequests: false });
  assert.equal(bankid.metadata.pushed_authorization_request_endpoint, undefined);
  const first = await firstLeg(bankid);
  const url = oidc.buildAuthorizationUrl(bankid.configuration, await bankid.parameters('openid nnin'));
  const fields = { ...Object.fromEntries(url.searchParams), id_token_hint: first.tokens.id_token ?? '' };
  const response = await bankid.browser.post(bankid.metadata.authorization_endpoint ?? '', fields);
  assert.equal(response.status, 303);
  const { back, pages } = await visit(bankid.browser, new URL(response.headers.get('location') ?? '', response.url), {
    answer: 'yes',
  });
  assert.ok(back.searchParams.has('code'));
  assert.match(pages[0] ?? '', /name="answer" value="yes"/);
});

test('a hint alone logs nobody in: another browser has to say who it is', async () => {
  await using bankid = await connect(person);
  const { tokens } = await firstLeg(bankid);
  const parameters = { ...(await bankid.parameters('openid nnin')), id_token_hint: tokens.id_token ?? '' };
  const start = oidc.buildAuthorizationUrl(bankid.configuration, parameters);
  const { pages } = await visit(openBrowser(), start, { person: person.id, answer: 'yes' });
  assert.equal(pages.length, 2);
  assert.match(pages[0] ?? '', /name="person"/);
});

test('PKCE, state and nonce are required', async () => {
  await using bankid = await connect(person);
  const complete = await bankid.parameters(FIRST_LEG);
  for (const missing of ['nonce', 'state', 'code_challenge']) {
    const { [missing]: _, ...parameters } = complete;
    const { back, pages } = await bankid.authorize(parameters);
    assert.equal(back.searchParams.get('error'), 'invalid_request', missing);
    assert.deepEqual(pages, []);
  }
});

test('a weak login says so, whatever was asked for; a malformed number is a JSON number; cancelling has BankID’s code', async () => {
  await using weak = await connect({ ...person, weakLogin: true, behaviour: 'malformed' });
  const asked = { ...(await weak.parameters(FIRST_LEG)), acr_values: 'urn:bankid:bid' };
  const { back } = await weak.authorize(asked);
  const claims = (await weak.redeem(back)).claims();
  assert.equal(claims?.acr, 'urn:bankid:bis;LOA=3');
  assert.equal(typeof claims?.nnin_altsub, 'number');
  const { back: cancelled } = await weak.authorize(asked, { decision: 'decline' });
  assert.equal(cancelled.searchParams.get('error'), 'access_denied');
  assert.equal(cancelled.searchParams.get('error_description'), 'bankid_error_codes:C301');
});

test('where the agreement grants no scope for the number, it is missing and nobody is asked', async () => {
  await using bankid = await connect({ ...person, behaviour: 'withheld' });
  const first = await firstLeg(bankid);
  assert.ok(!('nnin_altsub' in first.claims));
  const { pages, sub, userinfo } = await secondLeg(bankid, first.tokens.id_token ?? '', 'yes');
  assert.deepEqual(pages, []);
  assert.deepEqual(userinfo, { sub });
});

test('a client may sign, or send its secret in the form', async () => {
  for (const proof of [signingProof, { method: 'client_secret_post' as const, secret: 'secret-one' }]) {
    await using bankid = await connect(person, { client: agreement('bankid', { proof }) });
    assert.equal((await firstLeg(bankid)).claims.nnin_altsub, sampleNumbers[0]);
  }
});
