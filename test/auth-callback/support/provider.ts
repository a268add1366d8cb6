import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import { listen } from '../../runtime/servers.ts';
import { ordinaryAnswers } from './provider/ordinary-answers.ts';
import { createVisits } from './provider/visits.ts';

export { json } from './provider/ordinary-answers.ts';

/** Claims of a person: what userinfo says beyond `sub`, and what the ID token says on top of the protocol's own. */
export type Person = { sub: string; userinfo?: Record<string, unknown>; idToken?: Record<string, unknown> };

export type ProviderRequest = { path: string; query: string; headers: IncomingMessage['headers']; body: string };
export type Respond = (request: ProviderRequest, response: ServerResponse) => void;
export type SigningKey = { kid: string; privateKey: CryptoKey; publicJwk: JWK };
export type TokenMaker = (claims: JWTPayload, key: SigningKey) => Promise<string>;

/** An identity provider whose every answer a test can replace. Behaves as Vipps does until told otherwise. */
export type TestProvider = AsyncDisposable & {
  /** Ends in a slash, as Vipps' does. */
  issuer: string;
  key: SigningKey;
  /** Published at jwks_uri. */
  keys: JWK[];
  requests: ProviderRequest[];
  /** How often a path was asked for. */
  count(path: string): number;
  /** The browser's visit: a person logs in, and is sent back to this address. */
  authorize(address: URL, person: Person): URL;
  /** The parameters of a visit: those in the address, or those pushed before (RFC 9126). */
  asked(address: URL): URLSearchParams;
  /** Replace the answer of a path. */
  respond: Map<string, Respond>;
  metadata: (metadata: Record<string, unknown>) => Record<string, unknown>;
  makeIdToken: TokenMaker;
  /** False: plain OAuth 2.0. */
  givesIdToken: boolean;
  /** Changes the claims before they are signed. */
  claims: (claims: JWTPayload) => JWTPayload;
};

let sharedKey: Promise<SigningKey> | undefined;

export async function createSigningKey(kid: string, alg = 'RS256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

export const signRs256: TokenMaker = (claims, key) =>
  new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: key.kid }).sign(key.privateKey);

export async function startProvider(): Promise<TestProvider> {
  sharedKey ??= createSigningKey('provider-key');
  const key = await sharedKey;
  const respond = new Map<string, Respond>();
  const requests: ProviderRequest[] = [];
  const server = createServer((incoming, response) => {
    void readRequest(incoming).then((request) => {
      requests.push(request);
      const answer = respond.get(request.path) ?? ordinary[request.path];
      if (answer === undefined) response.writeHead(404).end();
      else answer(request, response);
    });
  });
  const listening = await listen(server, 'http');
  const visits = createVisits();
  const provider: TestProvider = {
    issuer: `${listening.url}/access/`,
    key,
    keys: [key.publicJwk],
    requests,
    respond,
    count: (path) => requests.filter((request) => request.path === path).length,
    metadata: (whole) => whole,
    makeIdToken: signRs256,
    givesIdToken: true,
    claims: (claims) => claims,
    asked: visits.asked,
    authorize: visits.authorize,
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  };
  const ordinary = ordinaryAnswers(provider, visits);
  return provider;
}

async function readRequest(incoming: IncomingMessage): Promise<ProviderRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const { pathname, search: query } = new URL(incoming.url ?? '/', 'http://provider');
  const path = pathname.replace(/^\/access/, '');
  return { path, query, headers: incoming.headers, body: Buffer.concat(chunks).toString() };
}
