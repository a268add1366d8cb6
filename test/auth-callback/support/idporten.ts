import assert from 'node:assert/strict';
import { linkMember } from './bankid.ts';
import { logIn } from './browser.ts';
import { json, type Person, type Respond, type TestProvider } from './provider.ts';
import type { World, WorldOptions } from './world.ts';

export const sub = 'pairwise-subject-of-kari';
export const base = { provider: 'idporten', scopes: ['openid', 'profile'], personnummer_claim: 'pid' };
export const inToken = { ...base, personnummer_from: 'id_token', minimum_acr: 'idporten-loa-substantial' };
export const kari = (idToken: Record<string, unknown> = {}): Person => ({
  sub,
  idToken: { acr: 'idporten-loa-high', amr: ['BankID'], given_name: 'Kari', ...idToken },
});

export function announce(provider: TestProvider): void {
  provider.metadata = (whole) => ({
    ...whole,
    introspection_endpoint: `${provider.issuer}introspect`,
    tokeninfo_endpoint: `${provider.issuer}tokeninfo`,
  });
}

export const lookup = (from: string, more: Record<string, unknown> = {}): WorldOptions => ({
  providerRow: { ...base, personnummer_from: from, ...more },
  prepare: announce,
});

/** What the provider says the token stands for; a function sees the client that the token was issued to. */
export const say =
  (claims: Record<string, unknown>): Respond =>
  (_, response) =>
    json(response, 200, claims);

export async function logInLinked(world: World, person = kari()) {
  await linkMember(world, sub);
  return logIn(world, person);
}

export async function evidenceOf(world: World) {
  const rows = await world.observations();
  assert.equal(rows.length, 1);
  return [rows[0]?.outcome, rows[0]?.absent_reason, rows[0]?.personnummer_masked];
}
