import { randomBytes } from 'node:crypto';
import { createKeyPair, createSecret } from '../../key-tools/new-keys.ts';
import type { ClientProof, LocalClient } from '../identity-provider/client.ts';
import { tokenVariable } from '../member-system/main.ts';
import { sampleIssuers } from '../sample-data/issuers.ts';
import { sampleOrganizations } from '../sample-data/organizations.ts';
import { type SampleProvider, sampleProviders, webhookSecretVariable } from '../sample-data/providers.ts';

/** What two programs must agree on, made for one start. By the name of the variable. */
export type StackSecrets = {
  /** Of our clients at the providers: secrets and private keys. */
  clientSecrets: Record<string, string>;
  /** In the addresses of the webhooks. */
  webhookSecrets: Record<string, string>;
  /** Of whoever reads the callback's metrics, and the desk's. */
  metricsToken: string;
  /** Seals the desk's cookies. */
  deskCookieKey: string;
  /** Of the member systems. */
  memberSystemTokens: Record<string, string>;
  /** Of our clients at the invoice service. */
  invoiceSecrets: Record<string, string>;
  /** The other side of the client secrets: what the providers know of the clients. */
  clients: LocalClient[];
};

/** @param callbackUrl without a slash at the end */
export function createSecrets(callbackUrl: string): StackSecrets {
  const perOrganization = (nameOf: (slug: string) => string) =>
    Object.fromEntries(sampleOrganizations.map(({ slug }) => [nameOf(slug), newSecret()]));
  const webhookSecrets = perOrganization(webhookSecretVariable);
  const clientSecrets: Record<string, string> = {};
  const clients = sampleProviders.map((sample) => {
    const { variables, client } = agree(sample, callbackUrl);
    Object.assign(clientSecrets, variables);
    if (sample.provider !== 'vipps') return client;
    return { ...client, webhookUrl: webhookUrl(callbackUrl, sample.organization, webhookSecrets) };
  });
  const memberSystemTokens = perOrganization(tokenVariable);
  const invoiceSecrets = Object.fromEntries(sampleIssuers.map(({ secretVariable }) => [secretVariable, newSecret()]));
  return {
    clientSecrets,
    webhookSecrets,
    metricsToken: newSecret(),
    deskCookieKey: createSecret(),
    memberSystemTokens,
    invoiceSecrets,
    clients,
  };
}

/** Where Vipps tells an organisation that somebody has withdrawn consent. */
export function webhookUrl(callbackUrl: string, organization: string, secrets: StackSecrets['webhookSecrets']): string {
  return `${callbackUrl}/webhooks/${organization}/vipps/${secrets[webhookSecretVariable(organization)]}`;
}

function agree(sample: SampleProvider, callbackUrl: string) {
  const { organization, provider, clientId, secretVariable, pseudonymousScope, lookup } = sample;
  const { secret, proof } = newProof(sample.authMethod);
  const lookupSecret = newSecret();
  const client: LocalClient = {
    provider,
    organization,
    organizationName: sampleOrganizations.find(({ slug }) => slug === organization)?.name ?? organization,
    clientId,
    proof,
    redirectUri: `${callbackUrl}/callback/${organization}/${provider}`,
    ...(pseudonymousScope === undefined ? {} : { pseudonymousScope }),
    ...(lookup === undefined ? {} : { lookup: { clientId: lookup.clientId, secret: lookupSecret } }),
  };
  const variables = {
    [secretVariable]: secret,
    ...(lookup === undefined ? {} : { [lookup.secretVariable]: lookupSecret }),
  };
  return { variables, client };
}

/** A client's secret, or private key as a JWK, and what the provider is told of it. */
function newProof(method: SampleProvider['authMethod']): { secret: string; proof: ClientProof } {
  if (method === 'private_key_jwt') {
    const { privateKey, publicKey } = createKeyPair('ec', { alg: 'ES256', use: 'sig' });
    return { secret: JSON.stringify(privateKey), proof: { method, publicKey } };
  }
  const secret = newSecret();
  return { secret, proof: { method, secret } };
}

function newSecret(): string {
  return randomBytes(24).toString('base64url');
}
