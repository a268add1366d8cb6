import { randomBytes, randomUUID } from 'node:crypto';
import { redirectToApp } from './app-redirect.ts';
import { authorizationUrl } from './authorization-request.ts';
import { DatabaseBudget } from './database-budget.ts';
import { asLoginError, LoginError, PageError } from './errors.ts';
import { type LoginRequest, readLoginRequest } from './login-request.ts';
import type { ProviderClients } from './provider-client.ts';
import type { ProviderDirectory } from './provider-directory.ts';
import type { ProviderRow } from './provider-row.ts';
import { redirectUri } from './redirect-uri.ts';
import type { AppContext } from './request-context.ts';
import type { LoginTransaction, TransactionSealer } from './transaction.ts';
import { longestCookieValue, writeTransactionCookie } from './transaction-cookie.ts';

export interface LoginRouteOptions {
  publicUrl: string;
  directory: ProviderDirectory;
  clients: ProviderClients;
  sealer: TransactionSealer;
}

/** `GET /login/{organization}/{provider}`: checks what the app asks for and sends the browser to the provider. */
export function createLoginRoute(options: LoginRouteOptions) {
  return async (c: AppContext, organization: string, provider: string): Promise<Response> => {
    const row = await options.directory.find(organization, provider, new DatabaseBudget());
    if (row === undefined) throw new PageError('provider_unknown', 404);
    const reading = readLoginRequest(new URL(c.req.url).searchParams, row.returnTo);
    if (reading.status === 'page') throw new PageError('return_to_not_registered', 400);
    const log = c.var.log.child({ organization, provider });
    const refuse = (returnTo: string, state: string | undefined, error: LoginError) => {
      const line = { event: 'login_refused', code: error.code, answer: error.answer };
      // The app's own mistakes are its developers' business; anything else is the operator's.
      if (error.answer === 'invalid_request') log.info(line, 'login not started');
      else log.warn({ ...line, err: error }, 'login not started');
      return redirectToApp(c, returnTo, state, { error: error.answer });
    };
    if (reading.status === 'refused') {
      return refuse(reading.returnTo, reading.state, new LoginError('request_invalid', 'invalid_request'));
    }
    const { request } = reading;
    try {
      const transaction = beginTransaction(row, request);
      const address = await sendToProvider(c, options, row, transaction);
      log.info({ event: 'login_started', transaction_id: transaction.id }, 'login started');
      return c.redirect(address.href, 302);
    } catch (error) {
      return refuse(request.returnTo, request.state, asLoginError(error));
    }
  };
}

/** Everything a later request must agree with, fresh and unpredictable: 256 bits each (RFC 9700 section 2.1.1, 4.7). */
function beginTransaction(row: ProviderRow, request: LoginRequest): LoginTransaction {
  return {
    id: randomUUID(),
    organization: row.organization,
    provider: row.provider,
    issuer: row.issuer,
    nonce: randomBytes(32).toString('base64url'),
    state: randomBytes(32).toString('base64url'),
    codeVerifier: randomBytes(32).toString('base64url'),
    returnTo: request.returnTo,
    appState: request.state,
    appCodeChallenge: request.codeChallenge,
    startedAt: Math.floor(Date.now() / 1000),
  };
}

/** The cookie is set only when there is an address to go to. */
async function sendToProvider(
  c: AppContext,
  { publicUrl, clients, sealer }: LoginRouteOptions,
  row: ProviderRow,
  transaction: LoginTransaction,
): Promise<URL> {
  const sealed = await sealer.seal(transaction);
  if (sealed.length > longestCookieValue) throw new LoginError('transaction_too_long', 'invalid_request');
  const client = await clients.clientFor(row);
  const address = await authorizationUrl(client, row, transaction, redirectUri(publicUrl, row));
  writeTransactionCookie(c, transaction.state, sealed);
  return address;
}
