import assert from 'node:assert/strict';
import * as oidc from 'openid-client';
import { createKeyPair } from '../../../key-tools/new-keys.ts';
import { type Browser, openBrowser, readPageForm } from '../../../local/browser.ts';
import type { LocalClient } from '../../../local/identity-provider/client.ts';
import type { Person, ProviderName } from '../../../local/identity-provider/person.ts';
import { type IdentityProvider, startIdentityProvider } from '../../../local/identity-provider.ts';
import { sampleNumbers } from '../../support/samples.ts';

const HOME = 'http://127.0.0.1:9/callback';
const key = createKeyPair('ec', { alg: 'ES256', use: 'sig' });

const STATE = 'state-of-8-or-more';
const NONCE = 'nonce-of-8-or-more';

/** Somebody with an account. */
export function somebody(provider: ProviderName, differences: Partial<Person> = {}): Person {
  return {
    id: 'one-sample',
    provider,
    organization: 'one',
    story: 'Somebody <b>bold</b>',
    givenName: 'Munter',
    familyName: 'Bjørkeløv',
    birthDate: '1950-01-01',
    phone: '+4700000001',
    email: 'munter@person.example',
    personnummer: sampleNumbers[0],
    behaviour: 'given',
    ...differences,
  };
}

/** Our agreement with a provider: client `client-one` of organisation `one`. */
export function agreement(provider: ProviderName, differences: Partial<LocalClient> = {}): LocalClient {
  const proof = { method: 'client_secret_basic' as const, secret: 'secret-one' };
  const organization = { organization: 'one', organizationName: 'One' };
  return { provider, ...organization, clientId: 'client-one', proof, redirectUri: HOME, ...differences };
}

/** The proof of a client that signs. */
export const signingProof = { method: 'private_key_jwt' as const, publicKey: key.publicKey };

/** A provider with one client and one person, and that client. */
export type RelyingParty = {
  issuer: string;
  metadata: oidc.ServerMetadata;
  configuration: oidc.Configuration;
  browser: Browser;
  /** Sends the browser there, fills in what pages ask for, and answers what came back; `pages` are those it saw. */
  authorize(parameters: Record<string, string>, form?: Record<string, string>): Promise<{ back: URL; pages: string[] }>;
  /** Exchanges the code that came back. */
  redeem(back: URL, expected?: { openid: boolean }): ReturnType<typeof oidc.authorizationCodeGrant>;
  /** The parameters of an ordinary login, to which `authorize` adds nothing. */
  parameters(scope: string): Promise<Record<string, string>>;
  [Symbol.asyncDispose](): Promise<void>;
};

export async function connect(
  person: Person,
  options: { client?: LocalClient; clients?: LocalClient[]; others?: Person[]; pushedRequests?: boolean } = {},
): Promise<RelyingParty> {
  const client = options.client ?? agreement(person.provider);
  const provider = await startIdentityProvider({
    provider: person.provider,
    clients: options.clients ?? [client],
    persons: [person, { ...person, organization: 'other' }, ...(options.others ?? [])],
    pushedRequests: options.pushedRequests ?? true,
  });
  const configuration = await discover(provider, client);
  const verifier = oidc.randomPKCECodeVerifier();
  const browser = openBrowser();
  return {
    issuer: provider.issuer,
    metadata: configuration.serverMetadata(),
    configuration,
    browser,
    authorize: (parameters, form = {}) =>
      visit(browser, oidc.buildAuthorizationUrl(configuration, parameters), { person: person.id, ...form }),
    redeem: (back, { openid } = { openid: true }) =>
      oidc.authorizationCodeGrant(configuration, back, {
        pkceCodeVerifier: verifier,
        expectedState: STATE,
        ...(openid ? { expectedNonce: NONCE } : {}),
      }),
    parameters: async (scope) => ({
      redirect_uri: HOME,
      scope,
      state: STATE,
      nonce: NONCE,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }),
    [Symbol.asyncDispose]: () => provider.close(),
  };
}

/** Follows the browser through the provider's pages until it comes home. */
export async function visit(browser: Browser, start: URL, form: Record<string, string>) {
  const isHome = (url: URL) => url.href.startsWith(HOME);
  const pages: string[] = [];
  let step = await browser.follow(await browser.get(start.href), isHome);
  while ('page' in step) {
    const page = await step.page.text();
    assert.equal(step.page.status, 200, page);
    assert.ok(pages.push(page) <= 3);
    const found = readPageForm(page, step.page.url);
    assert.ok(found !== undefined);
    const known = Object.entries(form).filter(([name]) => name in found.fields);
    const fields = { ...found.fields, ...Object.fromEntries(known) };
    step = await browser.follow(await browser.post(found.action.href, fields), isHome);
  }
  return { back: step.home, pages };
}

async function discover({ issuer }: IdentityProvider, { clientId, proof }: LocalClient): Promise<oidc.Configuration> {
  const options = { execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks] };
  return oidc.discovery(new URL(issuer), clientId, {}, await authentication(proof), options);
}

async function authentication(proof: LocalClient['proof']): Promise<oidc.ClientAuth> {
  if (proof.method === 'client_secret_basic') return oidc.ClientSecretBasic(proof.secret);
  if (proof.method === 'client_secret_post') return oidc.ClientSecretPost(proof.secret);
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  return oidc.PrivateKeyJwt(await crypto.subtle.importKey('jwk', key.privateKey, algorithm, false, ['sign']));
}
