import { randomUUIDv7 } from 'node:crypto';
import { longestCookieValue } from '../../runtime/http/bound-cookie.ts';
import type { AppContext } from '../../runtime/http/request-context.ts';
import { DatabaseBudget } from '../database/database-budget.ts';
import { asLoginError, LoginError, PageError } from '../errors.ts';
import { redirectToApp } from '../http/answers.ts';
import type { Metrics } from '../http/metrics.ts';
import { newSecret } from '../new-secret.ts';
import { authorizationUrl } from '../provider/authorization-request.ts';
import type { ProviderClients } from '../provider/provider-client.ts';
import type { ProviderDirectory } from '../provider/provider-directory.ts';
import { type ProviderRow, redirectUri } from '../provider/provider-row.ts';
import type { LinkPermits } from '../session/link.ts';
import {
  type LoginTransaction,
  type TransactionSealer,
  transactionCookie,
  transactionLifetime,
} from '../transaction/transaction.ts';
import { isReturnAddress, type LoginRequest, readLoginRequest } from './login-request.ts';
import type { NumberHints } from './number-hint.ts';

export interface LoginRouteOptions {
  publicUrl: string;
  directory: ProviderDirectory;
  clients: ProviderClients;
  sealer: TransactionSealer;
  hints: NumberHints;
  permits: LinkPermits;
  metrics: Metrics;
  allowsPlainHttp: boolean;
}

/** `GET /login/{organization}/{provider}`: checks what the app asks for and sends the browser to the provider. */
export function createLoginRoute(options: LoginRouteOptions) {
  return async (c: AppContext, organization: string, provider: string): Promise<Response> => {
    const budget = new DatabaseBudget();
    const row = await options.directory.find(organization, provider, budget);
    if (row === undefined) throw new PageError('provider_unknown', 404);
    const addresses = row.returnTo.filter((address) => isReturnAddress(address, options.allowsPlainHttp));
    const reading = readLoginRequest(new URL(c.req.url).searchParams, addresses);
    if (reading.status === 'page') throw new PageError('return_to_not_registered', 400);
    const log = c.var.log.child({ organization, provider });
    const refuse = (returnTo: string, state: string | undefined, error: LoginError) => {
      const line = { event: 'login_refused', code: error.code, answer: error.answer };
      options.metrics.refusedStart({ organization, provider, answer: error.answer });
      // The app's own mistakes are its developers' business; anything else is the operator's.
      if (error.answer === 'invalid_request' || error.answer === 'access_denied') log.info(line, 'login not started');
      else log.warn({ ...line, err: error }, 'login not started');
      return redirectToApp(c, returnTo, state, { error: error.answer });
    };
    if (reading.status === 'refused') {
      return refuse(reading.returnTo, reading.state, new LoginError('request_invalid', 'invalid_request'));
    }
    const { request } = reading;
    try {
      // Nothing is used up yet, and whoever comes by another provider is not kept waiting by this one.
      if (!c.var.place.waitFor(row.issuer)) throw new LoginError('provider_busy', 'temporarily_unavailable');
      const linkSessionId = request.link && (await options.permits.use(c, organization, request.link.token, budget));
      const transaction = beginTransaction(row, request, linkSessionId);
      const address = await sendToProvider(c, options, row, transaction);
      log.info({ event: 'login_started', transaction_id: transaction.id }, 'login started');
      return c.redirect(address.href, 302);
    } catch (error) {
      return refuse(request.returnTo, request.state, asLoginError(error));
    }
  };
}

/** Everything a later request must agree with, fresh and unpredictable. */
function beginTransaction(
  row: ProviderRow,
  request: LoginRequest,
  linkSessionId: string | undefined,
): LoginTransaction {
  return {
    // Becomes the observation's id: ids that rise with time meet the same few index pages, where random ones meet all of them.
    id: randomUUIDv7(),
    organization: row.organization,
    provider: row.provider,
    issuer: row.issuer,
    nonce: newSecret(),
    state: newSecret(),
    codeVerifier: newSecret(),
    returnTo: request.returnTo,
    appState: request.state,
    appCodeChallenge: request.codeChallenge,
    startedAt: Math.floor(Date.now() / 1000),
    linkSessionId,
  };
}

/** The cookie is set only when there is an address to go to. */
async function sendToProvider(
  c: AppContext,
  { publicUrl, clients, sealer, hints }: LoginRouteOptions,
  row: ProviderRow,
  transaction: LoginTransaction,
): Promise<URL> {
  const sealed = await sealer.seal(transaction);
  if (sealed.length > longestCookieValue) throw new LoginError('transaction_too_long', 'invalid_request');
  const client = await clients.clientFor(row);
  // Whoever asks for a link may be somebody else than this browser's last login was.
  const askForNumber = transaction.linkSessionId !== undefined || !(await hints.spares(c, row));
  const sending = { redirectUri: redirectUri(publicUrl, row), askForNumber };
  const address = authorizationUrl(client, row, transaction, sending);
  transactionCookie.write(c, transaction.state, sealed, transactionLifetime);
  return address;
}
