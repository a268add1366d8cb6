import assert from 'node:assert/strict';
import { SignJWT } from 'jose';
import { comeBack, type Ended, get, type Started, start } from './browser.ts';
import { createSigningKey, type Person, type SigningKey, type TestProvider } from './provider.ts';
import { number, startWorld, type World, type WorldOptions } from './world.ts';

let key: Promise<SigningKey> | undefined;

/** BankID's ways: ES256, pushed authorization requests, the number in the ID token. */
export async function behaveAsBankid(provider: TestProvider): Promise<void> {
  key ??= createSigningKey('bankid-key', 'ES256');
  const { privateKey, publicJwk, kid } = await key;
  provider.keys = [publicJwk];
  provider.metadata = (whole) => ({ ...whole, pushed_authorization_request_endpoint: `${provider.issuer}par` });
  provider.makeIdToken = (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey);
}

/** The row of an organisation that leaves the question for consent to BankID. */
export const bankidRow = {
  provider: 'bankid',
  scopes: ['openid', 'profile', 'nnin_altsub'],
  id_token_signed_response_alg: 'ES256',
  personnummer_from: 'id_token',
  personnummer_claim: 'nnin_altsub',
  consent_mode: 'provider',
  consent_scope: 'nnin',
};

export const bankidWorld: WorldOptions = { prepare: behaveAsBankid, providerRow: bankidRow };

/** Kari with BankID: the number in the ID token, and in userinfo once she has consented. */
export function bankidPerson(changes: { altsub?: unknown; nnin?: unknown; sub?: string } = {}): Person {
  const { altsub = number, nnin = number, sub = 'b6b1f1a5-3c1f-4a41-9a5b-kari' } = changes;
  const names = { given_name: 'Kari', family_name: 'Nordmann', birthdate: '1972-03-08' };
  return { sub, idToken: { ...names, nnin_altsub: altsub }, userinfo: { nnin } };
}

/** Makes a member findable by BankID, which verifies neither phone nor e-mail address. */
export async function linkMember(world: World, sub = bankidPerson().sub, provider = world.providerName): Promise<void> {
  await world.db.pool.query(
    `insert into registry.identity_links (organization_id, issuer, subject, member_id, provider, match_rule)
     values ($1, $2, $3, $4, $5, 'coordinator')`,
    [world.organization.id, world.provider.issuer, sub, world.member.id, provider],
  );
}

/** A world in which BankID knows Kari already. */
export async function linkedWorld(options: WorldOptions = bankidWorld): Promise<World> {
  const world = await startWorld(options);
  await linkMember(world);
  return world;
}

/** The browser stands at the question. */
export type Asked = Started & { first: Ended; second: URL; secondCookie: string };

/** A login up to where the provider, in its second leg, asks for consent. */
export async function untilAsked(world: World, person: Person = bankidPerson()): Promise<Asked> {
  const started = await start(world);
  const first = await comeBack(world, world.provider.authorize(started.address, person), started.cookie);
  assert.equal(first.status, 302);
  const second = first.location as URL;
  assert.equal(`${second.origin}${second.pathname}`, `${world.provider.issuer}auth`, 'sent to the provider again');
  return { ...started, first, second, secondCookie: newCookie(first.response) };
}

/** The cookie that an answer sets, as a browser would send it back. */
export function newCookie(response: Response): string {
  const set = response.headers.getSetCookie().find((each) => !/Max-Age=0/.test(each)) ?? '';
  return set.split(';')[0] ?? '';
}

/** The browser comes back from the question, answered by this person's userinfo. */
export function answerAsked(world: World, asked: Asked, person: Person = bankidPerson()): Promise<Ended> {
  return comeBack(world, world.provider.authorize(asked.second, person), asked.secondCookie);
}

export async function consentsOf(world: World): Promise<Record<string, unknown>[]> {
  const { rows } = await world.db.pool.query(
    'select state, scope, evidence, member_id from registry.consents where organization_id = $1 order by answered_at',
    [world.organization.id],
  );
  return rows;
}

export async function openCases(world: World): Promise<string[]> {
  const { rows } = await world.db.pool.query(
    `select kind from registry.conflicts where organization_id = $1 and state = 'open' order by opened_at`,
    [world.organization.id],
  );
  return rows.map(({ kind }) => String(kind));
}

/** Follows a page of ours with the cookie that came with it. */
export function getPage(world: World, location: URL, cookie: string, headers: Record<string, string> = {}) {
  return get(new URL(location.pathname + location.search, world.url), { cookie, ...headers });
}
