import { buildAuthorizationUrl, calculatePKCECodeChallenge } from 'openid-client';
import type { ProviderClient } from './provider-client.ts';
import type { ProviderRow } from './provider-row.ts';
import type { LoginTransaction } from './transaction.ts';

/**
 * Parameters that make the flow what it is. A row may add others (`acr_values`, `market`, `ui_locales`, ...), but a row
 * that could set one of these could switch off PKCE or send the answer elsewhere.
 */
const protocolParameters = new Set([
  ...['response_type', 'response_mode', 'client_id', 'redirect_uri', 'scope', 'state', 'nonce'],
  ...['code_challenge', 'code_challenge_method', 'request', 'request_uri'],
]);

/**
 * The provider's address for one login (OpenID Connect Core 1.0 section 3.1.2.1, RFC 7636).
 *
 * @param redirectUri our constant for this organisation and provider
 */
export async function authorizationUrl(
  client: ProviderClient,
  row: ProviderRow,
  transaction: LoginTransaction,
  redirectUri: string,
): Promise<URL> {
  const additional = Object.entries(row.authorizationParams).filter(
    ([name, value]) => !protocolParameters.has(name) && typeof value === 'string',
  );
  return buildAuthorizationUrl(client.configuration, {
    ...Object.fromEntries(additional),
    redirect_uri: redirectUri,
    scope: [...new Set(['openid', ...row.scopes])].join(' '),
    state: transaction.state,
    nonce: transaction.nonce,
    // S256 outright: Vipps reads a missing method as plain.
    code_challenge: await calculatePKCECodeChallenge(transaction.codeVerifier),
    code_challenge_method: 'S256',
  });
}
