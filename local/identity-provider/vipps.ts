import type { Person } from './person.ts';
import type { Ways } from './ways.ts';

const ISSUER_PATH = '/access-management-1.0/access/';

/**
 * Vipps' ways: issuer with a slash at the end, RS256, client_secret_basic, PKCE taken but not demanded, personal data in
 * userinfo only. All scopes are accepted together, on the page where one logs in.
 */
export const vipps: Ways = {
  provider: 'vipps',
  title: 'Vipps',
  issuerPath: ISSUER_PATH,
  signatureAlgorithm: 'RS256',
  routes: {
    authorization: `${ISSUER_PATH}oauth2/auth`,
    token: `${ISSUER_PATH}oauth2/token`,
    revocation: `${ISSUER_PATH}oauth2/revoke`,
    jwks: `${ISSUER_PATH}.well-known/jwks.json`,
    userinfo: '/vipps-userinfo-api/userinfo',
  },
  claimsByScope: {
    openid: ['sub'],
    name: ['name', 'given_name', 'family_name'],
    phoneNumber: ['phone_number', 'phone_number_verified'],
    email: ['email', 'email_verified'],
    birthDate: ['birthdate'],
    address: ['address', 'other_addresses'],
    nin: ['nin'],
  },
  acrValues: [],
  clientAuthMethods: ['client_secret_basic'],
  strict: false,
  claimsInIdToken: false,
  offers: { introspection: false, revocation: true, pushedRequests: false },
  ttl: { AccessToken: 600, IdToken: 3600, PushedAuthorizationRequest: 60 },
  claimsOf,
  grants: ({ behaviour }, scope) => scope !== 'nin' || behaviour !== 'withheld',
  consentScopes: [],
  authentication: () => ({}),
  cancelled: 'User cancelled the login',
};

function claimsOf(person: Person): Record<string, unknown> {
  const { givenName, familyName, birthDate, phone, email, emailVerified = true, behaviour, personnummer } = person;
  return {
    name: `${givenName} ${familyName}`,
    given_name: givenName,
    family_name: familyName,
    birthdate: birthDate,
    // Country code, no plus.
    phone_number: phone.replace('+', ''),
    phone_number_verified: true,
    email,
    email_verified: emailVerified,
    address: {
      address_type: 'home',
      street_address: 'Prøvegata 1',
      postal_code: '0001',
      region: 'OSLO',
      country: 'NO',
      formatted: 'Prøvegata 1\n0001\nOSLO\nNO',
    },
    other_addresses: [],
    nin: behaviour === 'malformed' ? Number(personnummer) : personnummer,
  };
}
