import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Respond, TestProvider } from '../provider.ts';
import type { Grant, Visits } from './visits.ts';

/** What the provider answers where a test has said nothing else, by path. */
export function ordinaryAnswers(provider: TestProvider, visits: Visits): Record<string, Respond> {
  return {
    '/.well-known/openid-configuration': (_, response) =>
      json(response, 200, provider.metadata(metadata(provider.issuer))),
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

function metadata(issuer: string): Record<string, unknown> {
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
