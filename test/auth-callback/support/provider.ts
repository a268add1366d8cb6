import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import { listen } from '../../runtime/servers.ts';

/** Claims of a person: what userinfo says beyond `sub`, and what the ID token says on top of the protocol's own. */
export type Person = { sub: string; userinfo?: Record<string, unknown>; idToken?: Record<string, unknown> };

type ProviderRequest = { path: string; query: string; headers: IncomingMessage['headers']; body: string };
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

/** What the code of a visit stands for. */
type Grant = { person: Person; nonce: string; challenge: string; clientId: string; redirectUri: string };

/** What the provider remembers of people's visits: pushed requests, codes, and access tokens. */
type Visits = ReturnType<typeof createVisits>;

function createVisits() {
  const pushed = new Map<string, URLSearchParams>();
  const grants = new Map<string, Grant>();
  const persons = new Map<string, Person>();

  /** The parameters of a visit: those in the address, or those pushed before (RFC 9126). */
  const asked = (address: URL) => pushed.get(address.searchParams.get('request_uri') ?? '') ?? address.searchParams;

  return {
    asked,
    /** Keeps the parameters of a visit to come. @returns the request_uri they are known by */
    push(parameters: URLSearchParams): string {
      const uri = `urn:pushed:${randomBytes(16).toString('hex')}`;
      pushed.set(uri, parameters);
      return uri;
    },
    /** A person logs in, and is sent back to this address. */
    authorize(address: URL, person: Person): URL {
      const code = randomBytes(16).toString('base64url');
      const parameters = asked(address);
      const read = (name: string) => parameters.get(name) ?? '';
      const redirectUri = read('redirect_uri');
      const [nonce, challenge, clientId] = [read('nonce'), read('code_challenge'), read('client_id')];
      grants.set(code, { person, nonce, challenge, clientId, redirectUri });
      const back = new URL(redirectUri);
      back.search = new URLSearchParams({ code, state: read('state') }).toString();
      return back;
    },
    /** What a code was given for; a code is used up by the first who asks. */
    takeGrant(code: string): Grant | undefined {
      const grant = grants.get(code);
      grants.delete(code);
      return grant;
    },
    /** A new access token, which userinfo knows this person by. */
    openUserinfo(person: Person): string {
      const accessToken = randomBytes(24).toString('base64url');
      persons.set(accessToken, person);
      return accessToken;
    },
    whose: (accessToken: string): Person | undefined => persons.get(accessToken),
  };
}

/** What the provider answers where a test has said nothing else, by path. */
function ordinaryAnswers(provider: TestProvider, visits: Visits): Record<string, Respond> {
  return {
    '/.well-known/openid-configuration': (_, response) =>
      json(response, 200, provider.metadata(metadataOf(provider.issuer))),
    '/jwks': (_, response) => json(response, 200, { keys: provider.keys }),
    '/token': (request, response) => {
      const form = new URLSearchParams(request.body);
      const grant = visits.takeGrant(form.get('code') ?? '');
      const challenge = createHash('sha256')
        .update(form.get('code_verifier') ?? '')
        .digest('base64url');
      if (grant?.challenge !== challenge || grant.redirectUri !== form.get('redirect_uri')) {
        json(response, 400, { error: 'invalid_grant' });
        return;
      }
      void answerToken(provider, grant, visits, response);
    },
    '/par': (request, response) => {
      const request_uri = visits.push(new URLSearchParams(request.body));
      json(response, 201, { request_uri, expires_in: 60 });
    },
    '/userinfo': (request, response) => {
      const person = visits.whose(request.headers.authorization?.replace(/^Bearer /, '') ?? '');
      if (person === undefined) response.writeHead(401).end();
      else json(response, 200, { sub: person.sub, ...person.userinfo });
    },
  };
}

async function answerToken(
  provider: TestProvider,
  grant: Grant,
  visits: Visits,
  response: ServerResponse,
): Promise<void> {
  const accessToken = visits.openUserinfo(grant.person);
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

export function metadataOf(issuer: string): Record<string, unknown> {
  return {
    issuer,
    authorization_endpoint: `${issuer}auth`,
    token_endpoint: `${issuer}token`,
    jwks_uri: `${issuer}jwks`,
    userinfo_endpoint: `${issuer}userinfo`,
    response_types_supported: ['code'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256', 'ES256', 'none', 'HS256'],
    code_challenge_methods_supported: ['S256'],
  };
}

export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
