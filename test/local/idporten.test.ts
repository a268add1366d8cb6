import assert from 'node:assert/strict';
import { decodeProtectedHeader } from 'jose';
import * as oidc from 'openid-client';
import { test } from 'vitest';
import type { LocalClient } from '../../local/identity-provider/client.ts';
import type { Person } from '../../local/identity-provider/person.ts';
import { subjectAt } from '../../local/identity-provider/person.ts';
import { sampleNumbers } from '../support/samples.ts';
import { agreement, connect, signingProof, somebody } from './support/relying-party.ts';

const person = somebody('idporten');
const SCOPE = 'openid one:member';
const pseudonymous = agreement('idporten', { pseudonymousScope: 'one:member' });
const withLookup: LocalClient = { ...pseudonymous, lookup: { clientId: 'lookup-one', secret: 'secret-of-lookup' } };

async function logIn(who: Person, { client, scope = 'openid' }: { client?: LocalClient; scope?: string } = {}) {
  const idporten = await connect(who, client === undefined ? {} : { client });
  const { back } = await idporten.authorize(await idporten.parameters(scope));
  const tokens = await idporten.redeem(back);
  return { idporten, tokens, claims: { ...tokens.claims() } };
}

/** Asks an address what a token stands for, as a client with a secret. */
async function lookUp(url: string | undefined, token: string, clientId: string, secret: string) {
  const authorization = `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`;
  const body = new URLSearchParams({ token });
  const response = await fetch(url ?? '', { method: 'POST', headers: { authorization }, body });
  assert.equal(response.status, 200);
  return (await response.json()) as Record<string, unknown>;
}

test('an ordinary login has pid in an ID token signed with RS256, by an issuer without path or slash', async () => {
  const { idporten, tokens, claims } = await logIn(person);
  await using _ = idporten;
  assert.match(idporten.issuer, /^http:\/\/127\.0\.0\.1:[0-9]+$/);
  assert.equal(decodeProtectedHeader(tokens.id_token ?? '').alg, 'RS256');
  assert.deepEqual(
    [claims.iss, claims.pid, claims.acr, claims.amr, claims.locale],
    [idporten.issuer, sampleNumbers[0], 'idporten-loa-high', ['BankID'], 'nb'],
  );
  assert.ok(!tokens.access_token.includes('.'), 'opaque');
  const userinfo = await oidc.fetchUserInfo(idporten.configuration, tokens.access_token, claims.sub ?? '');
  assert.deepEqual(userinfo, { sub: claims.sub, pid: sampleNumbers[0], locale: 'nb' });
});

test('a pseudonymous scope hides pid everywhere but in introspection by the client itself', async () => {
  const { idporten, tokens, claims } = await logIn(person, { client: pseudonymous, scope: SCOPE });
  await using _ = idporten;
  assert.ok(!('pid' in claims));
  const userinfo = await oidc.fetchUserInfo(idporten.configuration, tokens.access_token, claims.sub ?? '');
  assert.ok(!('pid' in userinfo));
  const found = await oidc.tokenIntrospection(idporten.configuration, tokens.access_token);
  const { active, pid, sub, client_id, acr, iss } = found;
  assert.deepEqual(
    [active, pid, sub, client_id, acr, iss],
    [true, sampleNumbers[0], claims.sub, 'client-one', 'idporten-loa-high', idporten.issuer],
  );
});

test('tokeninfo tells pid to the client that is there for it, and to nobody else', async () => {
  const { idporten, tokens } = await logIn(person, { client: withLookup, scope: SCOPE });
  await using _ = idporten;
  const { tokeninfo_endpoint, introspection_endpoint } = idporten.metadata;
  const url = String(tokeninfo_endpoint);
  const told = await lookUp(url, tokens.access_token, 'lookup-one', 'secret-of-lookup');
  assert.deepEqual([told.active, told.pid, told.client_id], [true, sampleNumbers[0], 'client-one']);
  for (const address of [url, introspection_endpoint]) {
    assert.deepEqual(await lookUp(address, tokens.access_token, 'client-one', 'secret-one'), { active: false });
  }
  assert.deepEqual(await lookUp(url, 'no-such-token', 'lookup-one', 'secret-of-lookup'), { active: false });
});

test('no_pid, a foreign eID and a withheld number are logins without pid', async () => {
  for (const [who, scope] of [
    [person, 'openid no_pid'],
    [{ ...person, foreignEid: true }, 'openid'],
    [{ ...person, behaviour: 'withheld' }, 'openid'],
  ] as const) {
    const { idporten, claims } = await logIn(who, { scope });
    await using _ = idporten;
    assert.ok(!('pid' in claims) && claims.acr === 'idporten-loa-high');
  }
});

test('a weak login says so, a malformed number is a JSON number, and a token may be inactive', async () => {
  const who = { ...person, weakLogin: true, behaviour: 'malformed' as const, inactiveToken: true };
  const { idporten, tokens, claims } = await logIn(who, { client: agreement('idporten', { proof: signingProof }) });
  await using _ = idporten;
  assert.equal(claims.acr, 'idporten-loa-substantial');
  assert.equal(typeof claims.pid, 'number');
  const found = await oidc.tokenIntrospection(idporten.configuration, tokens.access_token);
  assert.deepEqual(found, { active: false });
});

test('plain OAuth 2.0, without openid, brings no ID token, and pid by introspection', async () => {
  await using idporten = await connect(person, { client: pseudonymous });
  const { nonce: _, ...parameters } = await idporten.parameters('one:member');
  const { back } = await idporten.authorize(parameters);
  const tokens = await idporten.redeem(back, { openid: false });
  assert.equal(tokens.id_token, undefined);
  const found = await oidc.tokenIntrospection(idporten.configuration, tokens.access_token);
  assert.deepEqual([found.pid, found.client_id, found.acr], [sampleNumbers[0], 'client-one', 'idporten-loa-high']);
  assert.equal(found.sub, subjectAt('client-one', person.id));
});
