import type { AppContext } from '../../runtime/http/request-context.ts';
import { traceIdOf } from '../../runtime/tracing/tracing.ts';
import { sendQuestion } from '../consent/consent-question.ts';
import { completeSecondLeg } from '../consent/second-leg.ts';
import { DatabaseBudget } from '../database/database-budget.ts';
import { asLoginError, LoginError, PageError } from '../errors.ts';
import { redirectToApp } from '../http/answers.ts';
import type { Metrics } from '../http/metrics.ts';
import { checkIssuerParameter } from '../provider/code-exchange.ts';
import type { ProviderDirectory } from '../provider/provider-directory.ts';
import { providerError } from '../provider/provider-errors.ts';
import { addressesOf } from '../provider/provider-row.ts';
import { consumeTransaction, openTransaction } from '../transaction/transaction.ts';
import { completeLogin } from './complete-login.ts';
import { answerOf, type LoginEnding, reportLogin } from './login-ending.ts';
import type { LoginDependencies, LoginInFlight } from './login-in-flight.ts';
import type { NumberHints } from './number-hint.ts';

export interface CallbackRouteOptions extends LoginDependencies {
  directory: ProviderDirectory;
  hints: NumberHints;
  metrics: Metrics;
}

/**
 * `GET /callback/{organization}/{provider}`: the provider's answer. First whose login this is, then that it happens once,
 * then what the provider says; a request that fails one step causes nothing of the next.
 */
export function createCallbackRoute(options: CallbackRouteOptions) {
  return async (c: AppContext, organization: string, provider: string): Promise<Response> => {
    const transaction = await openTransaction(c, options.sealer, { organization, provider });
    const traceId = traceIdOf(options.tracing.traceparent());
    const log = c.var.log.child({ transaction_id: transaction.id, trace_id: traceId, organization, provider });
    const { app } = transaction;
    const startedAt = performance.now();
    const report = (ending: LoginEnding & { outcome: string }) =>
      reportLogin(options.metrics, log, ending, { organization, provider, startedAt });
    const budget = new DatabaseBudget();
    try {
      const row = await options.directory.find(organization, provider, budget).catch((cause: unknown) => {
        throw new LoginError('providers_unavailable', 'temporarily_unavailable', { cause });
      });
      // The provider and the address were right when the login began, up to ten minutes ago. One that was taken back since then gets nothing more.
      if (row === undefined || !addressesOf(row, app.clientId).includes(app.returnTo))
        throw new PageError('return_to_withdrawn', 400);
      // Nothing is used up yet, and whoever comes by another provider is not kept waiting by this one.
      if (!c.var.place.waitFor(row.issuer)) throw new LoginError('provider_busy', 'temporarily_unavailable');
      await consumeTransaction(options.database, transaction, budget);
      const sent = new URL(c.req.url).searchParams;
      const login: LoginInFlight = { row, transaction, sent, budget, log };
      const ending = await complete(options, login);
      report(ending);
      await options.hints.update(c, row, ending);
      if (ending.status === 'asked') return await sendQuestion(c, options.publicUrl, login, ending.question);
      return redirectToApp(c, options.publicUrl, app, answerOf(ending));
    } catch (cause) {
      if (cause instanceof PageError) throw cause;
      const error = asLoginError(cause);
      report({ status: 'refused', error, outcome: 'none' });
      return redirectToApp(c, options.publicUrl, app, { error: error.answer });
    }
  };
}

function complete(options: LoginDependencies, login: LoginInFlight): ReturnType<typeof completeLogin> {
  const { firstLeg } = login.transaction;
  if (firstLeg !== undefined) return completeSecondLeg(options, login, firstLeg);
  refuseErrors(login);
  return completeLogin(options, login);
}

/** The provider's error and nothing of its description, which is text from outside. */
function refuseErrors({ sent, transaction }: LoginInFlight): void {
  const error = sent.get('error');
  if (error === null) return;
  checkIssuerParameter(sent, transaction.issuer);
  throw providerError(error);
}
