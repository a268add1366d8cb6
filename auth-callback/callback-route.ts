import { redirectToApp } from './app-redirect.ts';
import { checkIssuerParameter } from './code-exchange.ts';
import { type CompletedLogin, type CompleteLoginOptions, completeLogin, type LoginInFlight } from './complete-login.ts';
import { consumeTransaction } from './consume-transaction.ts';
import { DatabaseBudget } from './database-budget.ts';
import { asLoginError, LoginError, PageError } from './errors.ts';
import { openTransaction } from './open-transaction.ts';
import type { ProviderDirectory } from './provider-directory.ts';
import { providerError } from './provider-error-code.ts';
import type { AppContext } from './request-context.ts';
import type { TransactionSealer } from './transaction.ts';

export interface CallbackRouteOptions extends CompleteLoginOptions {
  directory: ProviderDirectory;
  sealer: TransactionSealer;
}

/**
 * `GET /callback/{organization}/{provider}`: the provider's answer. First whose login this is, then that it happens once,
 * then what the provider says; a request that fails one step causes nothing of the next.
 */
export function createCallbackRoute(options: CallbackRouteOptions) {
  return async (c: AppContext, organization: string, provider: string): Promise<Response> => {
    const transaction = await openTransaction(c, options.sealer, { organization, provider });
    const log = c.var.log.child({ transaction_id: transaction.id, organization, provider });
    const { returnTo, appState } = transaction;
    const startedAt = performance.now();
    const finish = (completed: CompletedLogin): Response => {
      report(log, completed, performance.now() - startedAt);
      const answer = 'error' in completed ? { error: completed.error.answer } : { code: completed.code };
      return redirectToApp(c, returnTo, appState, answer);
    };
    const budget = new DatabaseBudget();
    try {
      const row = await options.directory.find(organization, provider, budget).catch((cause: unknown) => {
        throw new LoginError('providers_unavailable', 'temporarily_unavailable', { cause });
      });
      // Both held ten minutes ago. An address that was taken back since then gets nothing more.
      if (row === undefined || !row.returnTo.includes(returnTo)) throw new PageError('return_to_withdrawn', 400);
      await consumeTransaction(options.doors, transaction, budget);
      const sent = new URL(c.req.url).searchParams;
      const login: LoginInFlight = { row, transaction, sent, budget, log };
      refuseErrors(login);
      return finish(await completeLogin(options, login));
    } catch (error) {
      if (error instanceof PageError) throw error;
      return finish({ error: asLoginError(error), outcome: 'none' });
    }
  };
}

/** The provider's error and nothing of its description, which is text from outside. */
function refuseErrors({ sent, transaction }: LoginInFlight): void {
  const error = sent.get('error');
  if (error === null) return;
  checkIssuerParameter(sent, transaction.issuer);
  throw providerError(error);
}

/** One line for each login that came to an end. */
function report(log: LoginInFlight['log'], completed: CompletedLogin, durationMs: number): void {
  const line = { event: 'login_finished', outcome: completed.outcome, duration_ms: Math.round(durationMs) };
  if (!('error' in completed)) {
    log.info({ ...line, answer: 'code' }, 'login finished');
    return;
  }
  const { error } = completed;
  const refusal = { ...line, answer: error.answer, code: error.code };
  if (error.cause === undefined) log.info(refusal, 'login finished');
  else log.warn({ ...refusal, err: error.cause }, 'login finished');
}
