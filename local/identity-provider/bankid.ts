import { createHash } from 'node:crypto';
import type { Person } from './person.ts';
import type { ClaimsUse, Ways } from './ways.ts';

const ISSUER_PATH = '/auth/realms/local';
const PROTOCOL = `${ISSUER_PATH}/protocol/openid-connect`;

/**
 * BankID's ways (API v4): issuer without a slash, ES256, PKCE, `state` and `nonce` demanded; name, birth date and
 * `nnin_altsub` in the ID token; `nnin`, e-mail, phone and address in userinfo, and only after consent on a page of its
 * own. Refusing there is a success without the claim. Pushed authorization requests are offered.
 */
export const bankid: Ways = {
  provider: 'bankid',
  title: 'BankID',
  issuerPath: ISSUER_PATH,
  signatureAlgorithm: 'ES256',
  routes: {
    authorization: `${ISSUER_PATH}/precheck/auth`,
    token: `${PROTOCOL}/token`,
    introspection: `${PROTOCOL}/token/introspect`,
    end_session: `${PROTOCOL}/logout`,
    jwks: `${PROTOCOL}/certs`,
    pushed_authorization_request: `${PROTOCOL}/ext/par/request`,
    userinfo: '/userinfo',
  },
  claimsByScope: {
    openid: ['sub', 'acr', 'amr', 'auth_time', 'typ', 'azp', 'jti', 'api_ver', 'bankid_altsub', 'updated_at'],
    profile: ['name', 'given_name', 'family_name', 'birthdate'],
    nnin_altsub: ['nnin_altsub'],
    nnin: ['nnin'],
    email: ['email', 'email_verified'],
    phone: ['phone_number'],
    address: ['address'],
  },
  acrValues: ['urn:bankid:bid', 'urn:bankid:bis'],
  clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
  strict: true,
  claimsInIdToken: true,
  offers: { introspection: true, revocation: false, pushedRequests: true },
  ttl: { AccessToken: 300, IdToken: 300, PushedAuthorizationRequest: 60 },
  claimsOf: (person, { use, client }) => claimsOf(person, use, client.clientId),
  grants: ({ behaviour }, scope) => !['nnin', 'nnin_altsub'].includes(scope) || behaviour !== 'withheld',
  consentScopes: ['nnin', 'email', 'phone', 'address'],
  authentication: ({ weakLogin }) =>
    weakLogin === true
      ? { acr: 'urn:bankid:bis;LOA=3', amr: ['bid', 'bid-app'] }
      : { acr: 'urn:bankid:bid;LOA=4', amr: ['bid', 'bid-mfa'] },
  cancelled: 'bankid_error_codes:C301',
};

function claimsOf(person: Person, use: ClaimsUse, clientId: string): Record<string, unknown> {
  const { givenName, familyName, birthDate, phone, email, behaviour, personnummer } = person;
  const number = behaviour === 'malformed' ? Number(personnummer) : personnummer;
  if (use !== 'id_token') {
    return { nnin: number, email, email_verified: true, phone_number: phone, address: { country: 'NO' } };
  }
  return {
    typ: 'ID',
    azp: clientId,
    jti: crypto.randomUUID(),
    api_ver: '4',
    bankid_altsub: altsubOf(person),
    updated_at: Math.floor(Date.now() / 1000),
    name: `${givenName} ${familyName}`,
    given_name: givenName,
    family_name: familyName,
    birthdate: birthDate,
    nnin_altsub: number,
  };
}

/** BankID's own id of a person, such as 9578-6000-4-123456: the same for all organisations, and not the national one. */
function altsubOf({ id }: Person): string {
  const digits = createHash('sha256').update(id).digest().readUInt32BE() % 1_000_000;
  return `9578-6000-4-${String(digits).padStart(6, '0')}`;
}
