import type { Ways } from './ways.ts';

const ISSUER_PATH = '/realms/staff';
const PROTOCOL = `${ISSUER_PATH}/protocol/openid-connect`;

/**
 * The ways of an organisation's own provider for its staff, as Keycloak has them: e-mail address with `email_verified`, `amr` with the
 * methods that were used. Where an organisation takes ID-porten for this, the number comes along unasked; so it does here.
 */
export const staff: Ways = {
  provider: 'staff',
  title: 'Staff sign-in',
  issuerPath: ISSUER_PATH,
  signatureAlgorithm: 'RS256',
  routes: {
    authorization: `${PROTOCOL}/auth`,
    token: `${PROTOCOL}/token`,
    jwks: `${PROTOCOL}/certs`,
    userinfo: `${PROTOCOL}/userinfo`,
  },
  claimsByScope: {
    openid: ['sub', 'acr', 'amr', 'auth_time', 'pid'],
    profile: ['name', 'given_name', 'family_name'],
    email: ['email', 'email_verified'],
  },
  acrValues: [],
  clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
  strict: true,
  claimsInIdToken: true,
  offers: { introspection: false, revocation: false, pushedRequests: false },
  ttl: { AccessToken: 300, IdToken: 300, PushedAuthorizationRequest: 60 },
  claimsOf: ({ givenName, familyName, email, emailVerified = true, personnummer }) => ({
    name: `${givenName} ${familyName}`,
    given_name: givenName,
    family_name: familyName,
    email,
    email_verified: emailVerified,
    pid: personnummer,
  }),
  grants: () => true,
  consentScopes: [],
  authentication: ({ weakLogin }) => ({ amr: weakLogin === true ? ['pwd'] : ['pwd', 'otp', 'mfa'] }),
  cancelled: 'User cancelled the login',
};
