import { createHash, randomUUID } from 'node:crypto';
import { signAccessToken } from '../../../local/access-token.ts';
import { serve } from '../../runtime/servers.ts';
import { testKeys } from '../../support/keys.ts';

/** The callback as far as an OAuth client sees it: lets in whoever `nextUser` names, without asking anybody. */
export interface AuthorizationServer extends AsyncDisposable {
  url: string;
  /** Who signs in next; `error` instead: what the client is told. */
  nextUser: { id: string } | { error: string };
  /** Lifetime of access tokens. */
  lifetime: string;
  /** Refresh tokens that are good. */
  refreshTokens: Map<string, string>;
  requests: string[];
  /** Its database is away: nothing is exchanged. */
  isAway: boolean;
}

type Code = { userId: string; challenge: string };

export async function startAuthorizationServer(): Promise<AuthorizationServer> {
  const codes = new Map<string, Code>();
  const state: Omit<AuthorizationServer, 'url' | typeof Symbol.asyncDispose> = {
    nextUser: { error: 'access_denied' },
    lifetime: '15m',
    refreshTokens: new Map(),
    requests: [],
    isAway: false,
  };
  let base = '';

  async function tokens(userId: string) {
    const refreshToken = randomUUID();
    state.refreshTokens.set(refreshToken, userId);
    const accessToken = await signAccessToken(testKeys().environment.ACCESS_TOKEN_KEYS, userId, state.lifetime);
    return { access_token: accessToken, token_type: 'Bearer', expires_in: 900, refresh_token: refreshToken };
  }

  async function exchange(form: URLSearchParams): Promise<object | undefined> {
    if (form.get('grant_type') === 'refresh_token') {
      const userId = state.refreshTokens.get(form.get('refresh_token') ?? '');
      state.refreshTokens.delete(form.get('refresh_token') ?? '');
      return userId === undefined ? undefined : tokens(userId);
    }
    const code = codes.get(form.get('code') ?? '');
    codes.delete(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    return code?.challenge === challenge ? tokens(code.userId) : undefined;
  }

  const listening = await serve(async (request, response) => {
    const url = new URL(request.url ?? '/', base);
    let body = '';
    for await (const chunk of request) body += chunk;
    state.requests.push(`${request.method} ${url.pathname}`);
    const json = (status: number, content: object) =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content));
    if (url.pathname === '/.well-known/oauth-authorization-server') {
      return json(200, {
        issuer: base,
        authorization_endpoint: `${base}/authorize`,
        token_endpoint: `${base}/token`,
        revocation_endpoint: `${base}/revoke`,
        response_types_supported: ['code'],
        authorization_response_iss_parameter_supported: true,
      });
    }
    if (url.pathname === '/authorize') {
      const back = new URL(url.searchParams.get('redirect_uri') ?? '');
      back.searchParams.set('state', url.searchParams.get('state') ?? '');
      back.searchParams.set('iss', base);
      if ('error' in state.nextUser) back.searchParams.set('error', state.nextUser.error);
      else {
        const code = randomUUID();
        codes.set(code, { userId: state.nextUser.id, challenge: url.searchParams.get('code_challenge') ?? '' });
        back.searchParams.set('code', code);
      }
      return void response.writeHead(302, { location: back.href }).end();
    }
    if (url.pathname === '/token') {
      if (state.isAway) return json(503, { error: 'temporarily_unavailable' });
      const answer = await exchange(new URLSearchParams(body));
      return answer === undefined ? json(400, { error: 'invalid_grant' }) : json(200, answer);
    }
    if (url.pathname === '/revoke') state.refreshTokens.delete(new URLSearchParams(body).get('token') ?? '');
    response.writeHead(url.pathname === '/revoke' ? 200 : 404).end();
  });
  base = listening.url;
  return Object.assign(state, { url: base, [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose]() });
}
