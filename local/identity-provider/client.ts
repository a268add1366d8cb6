import type { JWK } from 'jose';
import type { AllClientMetadata, ClientMetadata, JWKS } from 'oidc-provider';
import type { ProviderName } from './person.ts';

/** How a client proves who it is at the token endpoint (OpenID Connect Core 1.0 section 9). */
export type ClientProof =
  | { method: 'client_secret_basic' | 'client_secret_post'; secret: string }
  | { method: 'private_key_jwt'; publicKey: JWK };

/** An organisation's agreement with a provider. At Vipps: a sales unit. */
export type LocalClient = {
  provider: ProviderName;
  /** Slug of the organisation. */
  organization: string;
  /** For people. */
  organizationName: string;
  clientId: string;
  proof: ClientProof;
  redirectUri: string;
  /** Vipps: where it tells the organisation that somebody has withdrawn consent. */
  webhookUrl?: string;
  /** ID-porten: a scope of the organisation's own, whose tokens hide the number (`requires_pseudonymous_tokens`). */
  pseudonymousScope?: string;
  /** ID-porten: the one client that may look such tokens up; without it, the client itself may. */
  lookup?: { clientId: string; secret: string };
};

/** A client, and the one that looks its tokens up, as oidc-provider wants them. */
export function clientMetadata(client: LocalClient, signatureAlgorithm: 'RS256' | 'ES256'): ClientMetadata[] {
  const own: ClientMetadata = {
    ...proofMetadata(client.proof),
    client_id: client.clientId,
    redirect_uris: [client.redirectUri],
    subject_type: 'pairwise',
    grant_types: ['authorization_code'],
    response_types: ['code'],
    id_token_signed_response_alg: signatureAlgorithm,
  };
  if (client.lookup === undefined) return [own];
  const { clientId, secret } = client.lookup;
  const lookup: ClientMetadata = {
    ...proofMetadata({ method: 'client_secret_basic', secret }),
    client_id: clientId,
    redirect_uris: [],
    grant_types: [],
    response_types: [],
  };
  return [own, lookup];
}

function proofMetadata(proof: ClientProof): AllClientMetadata {
  const token_endpoint_auth_method = proof.method;
  if (proof.method !== 'private_key_jwt') return { token_endpoint_auth_method, client_secret: proof.secret };
  return { token_endpoint_auth_method, jwks: { keys: [proof.publicKey] } as JWKS };
}
