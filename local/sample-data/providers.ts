import { type ProviderName, providerNames } from '../identity-provider/person.ts';
import { sampleOrganizations } from './organizations.ts';

/** An organisation's agreement with a provider: its row in `registry.identity_providers`, less the issuer. */
export type SampleProvider = {
  organization: string;
  provider: ProviderName;
  clientId: string;
  /** The variable with the secret, or with the private key as a JWK. */
  secretVariable: string;
  authMethod: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt';
  /** A scope of the organisation's own at ID-porten, whose tokens hide the number. */
  pseudonymousScope?: string;
  /** The client that looks up such tokens, where it is another. */
  lookup?: { clientId: string; secretVariable: string };
  /** The rest of the row. */
  columns: Record<string, unknown>;
};

type Agreement = Pick<SampleProvider, 'columns'> &
  Partial<Pick<SampleProvider, 'authMethod' | 'pseudonymousScope'>> & { separateLookup?: boolean };

const vipps: Agreement = {
  columns: {
    scopes: ['openid', 'name', 'phoneNumber', 'email', 'birthDate', 'nin'],
    personnummer_scope: 'nin',
  },
};

function bankid(consent: Record<string, unknown>, authMethod: SampleProvider['authMethod']): Agreement {
  return {
    authMethod,
    columns: {
      scopes: ['openid', 'profile', 'nnin_altsub'],
      authorization_params: { acr_values: 'urn:bankid:bid' },
      id_token_signed_response_alg: 'ES256',
      personnummer_from: 'id_token',
      personnummer_claim: 'nnin_altsub',
      minimum_acr: 'urn:bankid:bid;LOA=4',
      ...consent,
    },
  };
}

function idporten(place: string, more: Omit<Agreement, 'columns'>): Agreement {
  return {
    ...more,
    columns: {
      scopes: ['openid', ...(more.pseudonymousScope === undefined ? [] : [more.pseudonymousScope])],
      authorization_params: { acr_values: 'idporten-loa-high' },
      personnummer_from: place,
      personnummer_claim: 'pid',
      minimum_acr: 'idporten-loa-high',
    },
  };
}

/** Keycloak's ways, with a second factor asked for. */
const staff: Agreement = {
  columns: {
    scopes: ['openid', 'profile', 'email'],
    personnummer_from: 'id_token',
    required_amr: ['mfa'],
  },
};

/** One of each way in which an agreement may give the number and the client prove itself. */
const agreements: Record<string, Record<ProviderName, Agreement>> = {
  nhf: {
    vipps,
    bankid: bankid({ consent_mode: 'provider', consent_scope: 'nnin' }, 'client_secret_basic'),
    idporten: idporten('id_token', { authMethod: 'private_key_jwt' }),
    staff,
  },
  blindeforbundet: {
    vipps,
    bankid: bankid({ consent_mode: 'own' }, 'client_secret_post'),
    idporten: idporten('introspection', { pseudonymousScope: 'blindeforbundet:medlem' }),
    staff,
  },
  hlf: {
    vipps,
    bankid: bankid({ consent_mode: 'none' }, 'private_key_jwt'),
    idporten: idporten('tokeninfo', { pseudonymousScope: 'hlf:medlem', separateLookup: true }),
    staff,
  },
};

/** All agreements of all organisations. */
export const sampleProviders: readonly SampleProvider[] = sampleOrganizations.flatMap(({ slug }) =>
  providerNames.flatMap((provider) => {
    const agreement = agreements[slug]?.[provider];
    return agreement === undefined ? [] : [sampleProvider(slug, provider, agreement)];
  }),
);

function sampleProvider(organization: string, provider: ProviderName, agreement: Agreement): SampleProvider {
  const { authMethod = 'client_secret_basic', separateLookup = false, columns, pseudonymousScope } = agreement;
  const variable = `OIDC_${provider}_${organization}`.toUpperCase().replaceAll('-', '_');
  return {
    organization,
    provider,
    clientId: clientId(organization),
    secretVariable: `${variable}_${authMethod === 'private_key_jwt' ? 'CLIENT_KEY' : 'CLIENT_SECRET'}`,
    authMethod,
    columns,
    ...(pseudonymousScope === undefined ? {} : { pseudonymousScope }),
    ...(separateLookup
      ? { lookup: { clientId: `${clientId(organization)}-tokeninfo`, secretVariable: `${variable}_TOKENINFO_SECRET` } }
      : {}),
  };
}

/** An organisation's client id at the local providers. */
export function clientId(organization: string): string {
  return `local-${organization}`;
}

/** The variable with the secret part of the address of an organisation's webhook. */
export function webhookSecretVariable(organization: string): string {
  return `OIDC_WEBHOOK_SECRET_${organization.toUpperCase().replaceAll('-', '_')}`;
}
