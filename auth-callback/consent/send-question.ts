import type { AppContext } from '../http/request-context.ts';
import type { LoginInFlight } from '../login/login-in-flight.ts';
import { transactionLifetime } from '../transaction/transaction.ts';
import { transactionCookie } from '../transaction/transaction-cookie.ts';
import { onwardPage } from './consent-page.ts';
import type { ConsentQuestion } from './consent-question.ts';
import { consentCookie, consentLifetime } from './consent-request.ts';
import { chooseLocale } from './locale.ts';
import { pagePolicy, policySource } from './page-layout.ts';

/** Sends the browser to whoever asks for consent; what the question hangs on goes into its cookie. */
export async function sendQuestion(
  c: AppContext,
  publicUrl: string,
  { row, transaction }: LoginInFlight,
  question: ConsentQuestion,
): Promise<Response> {
  const { key, sealed } = question;
  if (question.by === 'own_page') {
    consentCookie.write(c, key, sealed, consentLifetime);
    const page = `${publicUrl}/consent/${row.organization}/${row.provider}`;
    return c.redirect(`${page}?request=${encodeURIComponent(key)}`, 302);
  }
  transactionCookie.write(c, key, sealed, transactionLifetime);
  const { request } = question;
  if (request.method === 'redirect') return c.redirect(request.url.href, 302);
  // Wherever the provider leads before it asks is not known here; the last step is the app's address.
  const onward = [`${request.action.protocol}`, "'self'", policySource(transaction.returnTo)];
  c.header('content-security-policy', pagePolicy(onward));
  return c.html(onwardPage(row, request, chooseLocale(undefined, c.req.header('accept-language'))));
}
