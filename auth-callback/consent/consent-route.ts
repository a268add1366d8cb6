import { type Parameters, readParameters } from '../../runtime/http/parameters.ts';
import type { AppContext } from '../../runtime/http/request-context.ts';
import { chooseLocale } from '../../runtime/language.ts';
import { sameText } from '../../runtime/same-text.ts';
import { DatabaseBudget } from '../database/database-budget.ts';
import type { LoginDatabase } from '../database/login-database.ts';
import { PageError } from '../errors.ts';
import { redirectToApp } from '../http/answers.ts';
import type { Metrics } from '../http/metrics.ts';
import { answerOf, letIn, reportLogin } from '../login/login-ending.ts';
import type { NumberHints } from '../login/number-hint.ts';
import type { ProviderDirectory } from '../provider/provider-directory.ts';
import { addressesOf, type ProviderRow } from '../provider/provider-row.ts';
import { consentPage, pagePolicy, policySource } from './consent-page.ts';
import {
  type ConsentRequest,
  type ConsentSealer,
  consentCookie,
  consentLifetime,
  recordAnswer,
} from './consent-request.ts';
import { textVersion } from './texts.ts';

export interface ConsentRouteOptions {
  publicUrl: string;
  database: LoginDatabase;
  directory: ProviderDirectory;
  consents: ConsentSealer;
  hints: NumberHints;
  metrics: Metrics;
}

interface OpenQuestion {
  request: ConsentRequest;
  row: ProviderRow;
  budget: DatabaseBudget;
}

/** `GET` and `POST /consent/{organization}/{provider}`: our own question to a member who has just logged in. */
export function createConsentRoute(options: ConsentRouteOptions) {
  async function open(c: AppContext, sent: Parameters, at: { organization: string; provider: string }) {
    const id = sent.once.request;
    if (id === undefined || sent.duplicated) throw new PageError('consent_request_missing', 400);
    const sealed = consentCookie.read(c, id);
    if (sealed === undefined) throw new PageError('cookie_missing', 400);
    const request = await options.consents.unseal(sealed).catch(() => {
      throw new PageError('cookie_unreadable', 400);
    });
    judge(request, id, at);
    const budget = new DatabaseBudget();
    const row = await options.directory.find(at.organization, at.provider, budget);
    const { clientId, returnTo } = request.app;
    if (row === undefined || !addressesOf(row, clientId).includes(returnTo))
      throw new PageError('return_to_withdrawn', 400);
    return { request, row, budget } satisfies OpenQuestion;
  }

  return {
    async ask(c: AppContext, organization: string, provider: string): Promise<Response> {
      const sent = readParameters(new URL(c.req.url).searchParams);
      const { request, row } = await open(c, sent, { organization, provider });
      const locale = chooseLocale(sent.once.lang, c.req.header('accept-language'));
      c.header('content-security-policy', pagePolicy(["'self'", policySource(request.app.returnTo)]));
      c.header('vary', 'Accept-Language, Cookie');
      return c.html(consentPage(row, request.id, locale));
    },

    async answer(c: AppContext, organization: string, provider: string): Promise<Response> {
      const sent = readParameters(new URLSearchParams(await c.req.text()));
      const question = await open(c, sent, { organization, provider });
      const given = readAnswer(sent.once.answer);
      const locale = chooseLocale(sent.once.lang, undefined);
      consentCookie.clear(c, question.request.id);
      return finish(c, options, question, { given, locale });
    },
  };
}

/** @throws {PageError} 400: the request is another's, or too old for the login it belongs to */
function judge(request: ConsentRequest, id: string, at: { organization: string; provider: string }): void {
  if (!sameText(request.id, id) || request.organization !== at.organization || request.provider !== at.provider) {
    throw new PageError('consent_request_wrong', 400);
  }
  const age = Date.now() / 1000 - request.startedAt;
  if (age > consentLifetime || age < -30) throw new PageError('consent_request_expired', 400);
}

function readAnswer(answer: string | undefined): boolean {
  if (answer !== 'yes' && answer !== 'no') throw new PageError('consent_answer_missing', 400);
  return answer === 'yes';
}

async function finish(
  c: AppContext,
  { publicUrl, database, hints, metrics }: ConsentRouteOptions,
  { request, row, budget }: OpenQuestion,
  { given, locale }: { given: boolean; locale: string },
): Promise<Response> {
  const { organization, provider, observationId, app, code, number } = request;
  const log = c.var.log.child({ transaction_id: observationId, organization, provider });
  const at = { organization, provider, startedAt: performance.now() };
  const evidence = { by: 'own_page', provider, locale, text_version: textVersion };
  const answer = { observationId, given, evidence, number: given ? number : undefined };
  const outcome = (await recordAnswer(database, answer, budget, log)) ?? request.outcome;
  await hints.update(c, row, { subject: request.subject, outcome });
  // A button pressed twice opens the same session by the same code, until the app has redeemed it.
  const opening = { observationId, code, app };
  const ending = await letIn(database, opening, budget);
  reportLogin(metrics, log, { ...ending, outcome }, at);
  return redirectToApp(c, publicUrl, app, answerOf(ending));
}
