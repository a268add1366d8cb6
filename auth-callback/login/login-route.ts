import { randomUUIDv7 } from 'node:crypto';
import { longestCookieValue } from '../../runtime/http/bound-cookie.ts';
import type { AppContext } from '../../runtime/http/request-context.ts';
import { DatabaseBudget } from '../database/database-budget.ts';
import { type AnswerCode, asLoginError, LoginError, PageError } from '../errors.ts';
import { redirectToApp } from '../http/answers.ts';
import type { Metrics } from '../http/metrics.ts';
import { newSecret } from '../new-secret.ts';
import { authorizationUrl } from '../provider/authorization-request.ts';
import type { ProviderClients } from '../provider/provider-client.ts';
import type { ProviderDirectory } from '../provider/provider-directory.ts';
import { addressesOf, isStaff, type ProviderRow, redirectUri } from '../provider/provider-row.ts';
import type { LinkPermits } from '../session/link.ts';
import {
  type LoginTransaction,
  type TransactionSealer,
  transactionCookie,
  transactionLifetime,
} from '../transaction/transaction.ts';
import type { AppRequest } from './app-request.ts';
import { readAuthorizationRequest } from './authorization-request.ts';
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
    const addresses = addressesOf(row, undefined).filter((each) => isReturnAddress(each, options.allowsPlainHttp));
    const reading = readLoginRequest(new URL(c.req.url).searchParams, addresses);
    if (reading.status === 'page') throw new PageError('return_to_not_registered', 400);
    if (reading.status === 'good') return startLogin(c, options, { row, request: reading.request, budget });
    return refuseStart(c, options, row, reading, new LoginError('request_invalid', 'invalid_request'));
  };
}

/** `GET /authorize`: the same start, asked for by the standard (RFC 6749 section 3.1). */
export function createAuthorizeRoute(options: LoginRouteOptions) {
  return async (c: AppContext): Promise<Response> => {
    const budget = new DatabaseBudget();
    const isUsable = (address: string) => isReturnAddress(address, options.allowsPlainHttp);
    const rows = await options.directory.rows(budget);
    const reading = readAuthorizationRequest(new URL(c.req.url).searchParams, rows, isUsable);
    if (reading.status === 'page') throw new PageError('client_not_registered', 400);
    if (reading.status === 'good') return startLogin(c, options, { ...reading, budget });
    return refuseStart(
      c,
      options,
      reading.row,
      reading,
      new LoginError('authorization_request_invalid', reading.answer),
    );
  };
}

/** A request that may go on to the provider. */
interface Start {
  row: ProviderRow;
  request: LoginRequest;
  budget: DatabaseBudget;
}

async function startLogin(
  c: AppContext,
  options: LoginRouteOptions,
  { row, request, budget }: Start,
): Promise<Response> {
  const { organization, provider, issuer } = row;
  try {
    // Nothing is used up yet, and whoever comes by another provider is not kept waiting by this one.
    if (!c.var.place.waitFor(issuer)) throw new LoginError('provider_busy', 'temporarily_unavailable');
    if (request.link && isStaff(row)) throw new LoginError('staff_links_nothing', 'invalid_request');
    const linkSessionId = request.link && (await options.permits.use(c, organization, request.link.token, budget));
    const transaction = beginTransaction(row, request, linkSessionId);
    const address = await sendToProvider(c, options, row, transaction);
    c.var.log.info({ event: 'login_started', transaction_id: transaction.id, organization, provider }, 'login started');
    return c.redirect(address.href, 302);
  } catch (error) {
    return refuseStart(c, options, row, request.app, asLoginError(error));
  }
}

/** What only the app's developers can mend; anything else is the operator's business. */
const appMistakes: ReadonlySet<AnswerCode> = new Set([
  'invalid_request',
  'access_denied',
  'unsupported_response_type',
  'invalid_scope',
  'request_not_supported',
  'request_uri_not_supported',
  'login_required',
]);

/** @param row undefined: the app did not say which of several providers it means */
function refuseStart(
  c: AppContext,
  { publicUrl, metrics }: LoginRouteOptions,
  row: ProviderRow | undefined,
  app: Pick<AppRequest, 'returnTo' | 'state'>,
  error: LoginError,
): Response {
  const { code, answer } = error;
  const { organization = 'none', provider = 'none' } = row ?? {};
  const line = { event: 'login_refused', code, answer, organization, provider };
  metrics.refusedStart({ organization, provider, answer });
  if (appMistakes.has(answer)) c.var.log.info(line, 'login not started');
  else c.var.log.warn({ ...line, err: error }, 'login not started');
  return redirectToApp(c, publicUrl, app, { error: answer });
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
    app: request.app,
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
  // The hint is about this browser's last login; who asks for a link may be another person.
  const askForNumber = transaction.linkSessionId !== undefined || !(await hints.spares(c, row));
  const sending = { redirectUri: redirectUri(publicUrl, row), askForNumber };
  const address = authorizationUrl(client, row, transaction, sending);
  transactionCookie.write(c, transaction.state, sealed, transactionLifetime);
  return address;
}
