import { genericGrantRequest, ResponseBodyError, WWWAuthenticateChallengeError } from 'openid-client';
import type { GuardedFetch } from '../../runtime/guarded-fetch.ts';
import type { ProviderConfig } from '../config.ts';
import { codeOf } from '../errors.ts';
import { discoverProvider } from '../provider/provider-client.ts';
import { type ProviderRow, redirectUri } from '../provider/provider-row.ts';

/** A code that no provider has given out, and a verifier of the form that RFC 7636 asks for. */
const noCode = { code: 'npm-run-provider-check', code_verifier: 'npm-run-provider-check'.padEnd(43, '-') };

/**
 * Whether the provider takes our client for what it says it is. A code that nobody was given is to be exchanged: a token endpoint looks at the client
 * first (RFC 6749, section 3.2.1), so whatever it says of the code means that the client is right. Nothing changes by it.
 *
 * @returns the fault
 */
export async function checkClient(row: ProviderRow, config: ProviderConfig, fetch: GuardedFetch): Promise<string[]> {
  const { rules, providerTimeoutMs: timeoutMs, clientSecrets } = config;
  const secrets = (name: string) => clientSecrets.get(name);
  try {
    const { allowsPlainHttp } = rules;
    const { configuration } = await discoverProvider(row, { fetch, timeoutMs, secrets, allowsPlainHttp });
    const form = { ...noCode, redirect_uri: redirectUri(config.publicUrl, row) };
    await genericGrantRequest(configuration, 'authorization_code', form);
  } catch (error) {
    return explain(error, row);
  }
  return [];
}

function explain(error: unknown, row: ProviderRow): string[] {
  const challenged = error instanceof WWWAuthenticateChallengeError;
  if (!challenged && !(error instanceof ResponseBodyError))
    return [`the token endpoint cannot be asked: ${codeOf(error)}`];
  const said = challenged ? 'invalid_client' : error.error;
  if (said !== 'invalid_client' && said !== 'unauthorized_client') return [];
  const secret = row.clientSecretEnv === null ? '' : `, what ${row.clientSecretEnv} holds`;
  return [
    `the provider does not take our client (${said}): client_id${secret} and token_endpoint_auth_method must be as they are registered there`,
  ];
}
