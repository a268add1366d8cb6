import type { ProviderRow } from '../../../auth-callback/provider/provider-row.ts';

/** A row with Vipps' ways, as the database would give it, with changes. */
export function providerRow(changes: Partial<ProviderRow> = {}): ProviderRow {
  return {
    organizationId: 'a0000000-0000-4000-8000-000000000001',
    organization: 'nhf',
    organizationName: 'NHF',
    provider: 'vipps',
    issuer: 'https://provider.example/',
    clientId: 'client',
    clientSecretEnv: null,
    tokenEndpointAuthMethod: 'none',
    scopes: ['openid'],
    authorizationParams: {},
    idTokenSignedResponseAlg: 'RS256',
    personnummerFrom: 'userinfo',
    personnummerClaim: 'nin',
    consentMode: 'none',
    consentScope: null,
    minimumAcr: null,
    requiredAmr: [],
    clients: [],
    personnummerScope: null,
    askNumberWhenMissing: false,
    lookupClientId: null,
    lookupClientSecretEnv: null,
    lookupAuthMethod: null,
    tokeninfoEndpoint: null,
    retention: '1 year',
    captureBasis: 'Recorded for a test',
    capture: true,
    returnTo: ['https://app.example/return'],
    ...changes,
  };
}
