import type { LocalClient } from './client.ts';
import type { Person } from './person.ts';
import type { ClaimsUse, Ways } from './ways.ts';

/**
 * ID-porten's ways: issuer without a path or a slash, RS256, PKCE, `state` and `nonce` demanded; `pid` in the ID token;
 * opaque access tokens with introspection, formerly tokeninfo. A pseudonymous scope, or `no_pid`, keeps `pid` out of the ID
 * token and of userinfo; whoever may look the token up finds it there.
 */
export const idporten: Ways = {
  provider: 'idporten',
  title: 'ID-porten',
  issuerPath: '',
  signatureAlgorithm: 'RS256',
  routes: {
    authorization: '/authorize',
    token: '/token',
    introspection: '/introspect',
    revocation: '/revoke',
    end_session: '/logout',
    jwks: '/jwks.json',
    pushed_authorization_request: '/par',
    userinfo: '/userinfo',
  },
  claimsByScope: {
    openid: ['sub', 'acr', 'amr', 'auth_time', 'jti', 'locale', 'pid'],
    profile: ['pid', 'locale'],
    no_pid: [],
  },
  acrValues: ['idporten-loa-low', 'idporten-loa-substantial', 'idporten-loa-high'],
  clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
  strict: true,
  claimsInIdToken: true,
  offers: { introspection: true, revocation: true, pushedRequests: true },
  ttl: { AccessToken: 600, IdToken: 120, PushedAuthorizationRequest: 120 },
  metadata: (issuer) => ({ tokeninfo_endpoint: `${issuer}${TOKENINFO_PATH}` }),
  claimsOf: (person, { use, scopes, client }) => ({
    ...(use === 'userinfo' ? {} : { jti: crypto.randomUUID() }),
    locale: 'nb',
    ...(showsPid(use, scopes, client) ? pidOf(person) : {}),
  }),
  grants: () => true,
  consentScopes: [],
  authentication: ({ foreignEid, weakLogin }) => {
    const acr = weakLogin === true ? 'idporten-loa-substantial' : 'idporten-loa-high';
    if (foreignEid === true) return { acr, amr: ['eIDAS'] };
    return { acr, amr: [weakLogin === true ? 'Minid-PIN' : 'BankID'] };
  },
  cancelled: 'User cancelled the login',
};

/** Answers as introspection does. */
export const TOKENINFO_PATH = '/tokeninfo';

function showsPid(use: ClaimsUse, scopes: string[], client: LocalClient): boolean {
  if (scopes.includes('no_pid')) return false;
  const pseudonymous = client.pseudonymousScope !== undefined && scopes.includes(client.pseudonymousScope);
  return use === 'introspection' ? pseudonymous : !pseudonymous;
}

function pidOf({ behaviour, foreignEid, personnummer }: Person): { pid?: string | number } {
  if (foreignEid === true || behaviour === 'withheld') return {};
  return { pid: behaviour === 'malformed' ? Number(personnummer) : personnummer };
}
