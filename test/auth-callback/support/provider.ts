import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import { type Listening, listen } from '../../runtime/servers.ts';

/** Claims of a person: what userinfo says beyond `sub`, and what the ID token says on top of the protocol's own. */
export type Person = { sub: string; userinfo?: Record<string, unknown>; idToken?: Record<string, unknown> };

export type ProviderRequest = { path: string; query: string; headers: IncomingMessage['headers']; body: string };
export type Respond = (request: ProviderRequest, response: ServerResponse) => void;
export type SigningKey = { kid: string; privateKey: CryptoKey; publicJwk: JWK };
export type TokenMaker = (claims: JWTPayload, key: SigningKey) => Promise<string>;

type Grant = { person: Person; nonce: string; challenge: string; clientId: string; redirectUri: string };

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
  const grants = new Map<string, Grant>();
  const persons = new Map<string, Person>();
  const pushed = new Map<string, URLSearchParams>();
  const respond = new Map<string, Respond>();
  const requests: ProviderRequest[] = [];
  const server = createServer((incoming, response) => {
    void readBody(incoming).then((body) => {
      const { pathname, search: query } = new URL(incoming.url ?? '/', 'http://provider');
      const path = pathname.replace(/^\/access/, '');
      const request = { path, query, headers: incoming.headers, body };
      requests.push(request);
      const answer = respond.get(path) ?? ordinary[path];
      if (answer === undefined) response.writeHead(404).end();
      else answer(request, response);
    });
  });
  const listening: Listening = await listen(server, 'http');
  const base = `${listening.url}/access`;

  const ordinary: Record<string, Respond> = {
    '/.well-known/openid-configuration': (_, response) => json(response, 200, provider.metadata(metadata(base))),
    '/jwks': (_, response) => json(response, 200, { keys: provider.keys }),
    '/token': (request, response) => {
      const form = new URLSearchParams(request.body);
      const grant = grants.get(form.get('code') ?? '');
      grants.delete(form.get('code') ?? '');
      const challenge = createHash('sha256')
        .update(form.get('code_verifier') ?? '')
        .digest('base64url');
      if (grant?.challenge !== challenge || grant.redirectUri !== form.get('redirect_uri')) {
        json(response, 400, { error: 'invalid_grant' });
        return;
      }
      void answerToken(provider, grant, persons, response);
    },
    '/par': (request, response) => {
      const uri = `urn:pushed:${randomBytes(16).toString('hex')}`;
      pushed.set(uri, new URLSearchParams(request.body));
      json(response, 201, { request_uri: uri, expires_in: 60 });
    },
    '/userinfo': (request, response) => {
      const person = persons.get(request.headers.authorization?.replace(/^Bearer /, '') ?? '');
      if (person === undefined) response.writeHead(401).end();
      else json(response, 200, { sub: person.sub, ...person.userinfo });
    },
  };

  const provider: TestProvider = {
    issuer: `${base}/`,
    key,
    keys: [key.publicJwk],
    requests,
    respond,
    count: (path) => requests.filter((request) => request.path === path).length,
    metadata: (whole) => whole,
    makeIdToken: signRs256,
    givesIdToken: true,
    claims: (claims) => claims,
    asked: (address) => pushed.get(address.searchParams.get('request_uri') ?? '') ?? address.searchParams,
    authorize(address, person) {
      const code = randomBytes(16).toString('base64url');
      const parameters = provider.asked(address);
      const asked = (name: string) => parameters.get(name) ?? '';
      const redirectUri = asked('redirect_uri');
      const [nonce, challenge, clientId] = [asked('nonce'), asked('code_challenge'), asked('client_id')];
      grants.set(code, { person, nonce, challenge, clientId, redirectUri });
      const back = new URL(redirectUri);
      back.search = new URLSearchParams({ code, state: asked('state') }).toString();
      return back;
    },
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  };
  return provider;
}

async function answerToken(
  provider: TestProvider,
  grant: Grant,
  persons: Map<string, Person>,
  response: ServerResponse,
): Promise<void> {
  const accessToken = randomBytes(24).toString('base64url');
  persons.set(accessToken, grant.person);
  const now = Math.floor(Date.now() / 1000);
  const claims = provider.claims({
    iss: provider.issuer,
    aud: [grant.clientId],
    sub: grant.person.sub,
    nonce: grant.nonce,
    iat: now,
    exp: now + 3600,
    auth_time: now - 5,
    at_hash: atHash(accessToken),
    ...grant.person.idToken,
  });
  if (!provider.givesIdToken) {
    json(response, 200, { access_token: accessToken, token_type: 'Bearer', expires_in: 599 });
    return;
  }
  const idToken = await provider.makeIdToken(claims, provider.key);
  json(response, 200, { access_token: accessToken, token_type: 'bearer', expires_in: 3599, id_token: idToken });
}

/** OpenID Connect Core 1.0 section 3.1.3.6, for algorithms with SHA-256. */
function atHash(accessToken: string): string {
  return createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url');
}

function metadata(base: string): Record<string, unknown> {
  return {
    issuer: `${base}/`,
    authorization_endpoint: `${base}/auth`,
    token_endpoint: `${base}/token`,
    jwks_uri: `${base}/jwks`,
    userinfo_endpoint: `${base}/userinfo`,
    response_types_supported: ['code'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256', 'ES256', 'none', 'HS256'],
    code_challenge_methods_supported: ['S256'],
  };
}

export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
