import { hash } from 'node:crypto';
import { buildAuthorizationUrl, buildAuthorizationUrlWithPAR } from 'openid-client';
import { LoginError } from '../errors.ts';
import type { LoginTransaction } from '../transaction/transaction.ts';
import type { ProviderClient } from './provider-client.ts';
import { answerToProviderError } from './provider-errors.ts';
import { asksForIdToken, type ProviderRow } from './provider-row.ts';

/** Not sent: `address` in a row lets the hint travel in the address, for a provider that takes neither PAR nor POST. */
export const hintBy = 'id_token_hint_by';

/**
 * Parameters that make the flow what it is. A row may add others (`acr_values`, `market`, `ui_locales`, ...), but a row
 * that could set one of these could switch off PKCE or send the answer elsewhere.
 */
export const protocolParameters = new Set([
  'response_type',
  'response_mode',
  'client_id',
  'redirect_uri',
  'scope',
  'state',
  'nonce',
  'code_challenge',
  'code_challenge_method',
  'request',
  'request_uri',
  'id_token_hint',
  hintBy,
]);

/** What a second leg leaves out of the row's parameters: they would make the person log in a second time. */
const firstLegOnly = new Set(['prompt', 'max_age', 'login_hint']);

/** What is fresh in every request. */
type FreshParameters = Pick<LoginTransaction, 'state' | 'nonce' | 'codeVerifier'>;

/** How the browser gets to the provider. */
export type AuthorizationRequest =
  | { method: 'redirect'; url: URL }
  /** A form that the person sends off: what it holds must not stand in an address. */
  | { method: 'form'; action: URL; fields: [string, string][] };

/**
 * The provider's address for one login (OpenID Connect Core 1.0 section 3.1.2.1, RFC 7636).
 *
 * @param redirectUri our constant for this organisation and provider
 * @param askForNumber false leaves out the row's scope for the number
 */
export function authorizationUrl(
  client: ProviderClient,
  row: ProviderRow,
  transaction: FreshParameters,
  { redirectUri, askForNumber }: { redirectUri: string; askForNumber: boolean },
): URL {
  const scopes = askForNumber ? row.scopes : row.scopes.filter((scope) => scope !== row.personnummerScope);
  const parameters = requestParameters(row, transaction, redirectUri, scopes);
  return buildAuthorizationUrl(client.configuration, parameters);
}

/**
 * The second leg: the provider asks the member, whom it knows by the hint, for consent to hand out the number.
 *
 * The hint holds the number where the provider puts it into the ID token, and addresses end up in histories and logs. So
 * it goes from server to server where the provider has pushed authorization requests (RFC 9126), and otherwise in the
 * body of a form, which every provider must take (OpenID Connect Core 1.0 section 3.1.2.1).
 *
 * @throws {LoginError} when the provider does not take the pushed request
 */
export async function consentRequest(
  client: ProviderClient,
  row: ProviderRow,
  transaction: FreshParameters,
  { redirectUri, idTokenHint }: { redirectUri: string; idTokenHint: string },
): Promise<AuthorizationRequest> {
  const own = requestParameters(row, transaction, redirectUri, [row.consentScope ?? '']);
  const kept = Object.entries(own).filter(([name]) => !firstLegOnly.has(name));
  const parameters = { ...Object.fromEntries(kept), id_token_hint: idTokenHint };
  if (client.configuration.serverMetadata().pushed_authorization_request_endpoint !== undefined) {
    return { method: 'redirect', url: await pushRequest(client, parameters) };
  }
  const url = buildAuthorizationUrl(client.configuration, parameters);
  if (row.authorizationParams[hintBy] === 'address') return { method: 'redirect', url };
  const action = new URL(url);
  action.search = '';
  return { method: 'form', action, fields: [...url.searchParams] };
}

async function pushRequest(client: ProviderClient, parameters: Record<string, string>): Promise<URL> {
  try {
    return await buildAuthorizationUrlWithPAR(client.configuration, parameters);
  } catch (error) {
    const { code, answer } = answerToProviderError(error);
    throw new LoginError(code, answer, { cause: error });
  }
}

function requestParameters(
  row: ProviderRow,
  transaction: FreshParameters,
  redirectUri: string,
  scopes: string[],
): Record<string, string> {
  const additional = Object.entries(row.authorizationParams).filter(([name]) => !protocolParameters.has(name));
  const withOpenid = asksForIdToken(row) ? ['openid', ...scopes] : scopes;
  return {
    ...Object.fromEntries(additional),
    redirect_uri: redirectUri,
    scope: [...new Set(withOpenid)].filter((scope) => scope !== '').join(' '),
    state: transaction.state,
    ...(asksForIdToken(row) ? { nonce: transaction.nonce } : {}),
    // S256 outright: Vipps reads a missing method as plain.
    code_challenge: hash('sha256', transaction.codeVerifier, 'base64url'),
    code_challenge_method: 'S256',
  };
}
