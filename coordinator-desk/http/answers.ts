import { html } from 'hono/html';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { TurnAway } from '../../runtime/http/request-context.ts';
import {
  AccessRemovedError,
  ApiFailedError,
  NotFoundError,
  OtherPersonError,
  SessionEndedError,
  SignInUnavailableError,
} from '../api/errors.ts';
import type { Html } from '../pages/layout.ts';
import { addressToRepeat } from '../pages/number-in-search.ts';
import { showToAnybody } from '../pages/page.ts';
import { type ErrorKind, errorWords } from '../words/errors.ts';
import type { DeskContext } from './desk-context.ts';
import { type Form, localPath, readForm } from './form.ts';

/** A page that says what is wrong and what to do; the request id leads to the log lines. */
export function errorPage(
  c: DeskContext,
  status: ContentfulStatusCode,
  kind: ErrorKind,
  more: Html = '',
): Response | Promise<Response> {
  const words = errorWords[c.var.browserLocale];
  const { title, text } = words[kind];
  const content = html`<h1 class="ds-heading" data-size="lg">${title}</h1>
<p>${text}</p>
${more}
<p><a class="ds-link" href="/">${words.toStart}</a></p>
<p><small>${words.reference} ${c.var.requestId}</small></p>`;
  return showToAnybody(c, { title, content, status });
}

/** Not now: the page says after how long it is worth while. */
export const turnAway: TurnAway = (c, status, seconds) => {
  c.header('retry-after', String(seconds));
  return errorPage(c as unknown as DeskContext, status, status === 429 ? 'tooMany' : 'busy');
};

/** Whatever a handler threw: the person gets a page that helps; the reason goes to the log. */
export async function answerError(error: Error, c: DeskContext): Promise<Response> {
  const { log } = c.var;
  if (error instanceof NotFoundError) return errorPage(c, 404, 'notFound');
  if (error instanceof OtherPersonError) return errorPage(c, 409, 'otherPerson');
  if (error instanceof SessionEndedError) return goToSignIn(c);
  if (error instanceof AccessRemovedError) {
    log.info({ event: 'access_removed' }, 'somebody is signed in who is no coordinator');
    return errorPage(c, 403, 'removed', await keepTyped(c));
  }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  if (error instanceof SignInUnavailableError) {
    log.warn({ event: 'sign_in_unavailable', code, err: error }, 'the callback does not answer');
    return errorPage(c, 503, 'signIn', await keepTyped(c));
  }
  if (error instanceof ApiFailedError) {
    log.warn({ event: 'api_failed', code, status: error.status }, 'api does not answer as it should');
    return errorPage(c, 503, error.tookTooLong ? 'slow' : 'unavailable', await keepTyped(c));
  }
  log.error({ event: 'request_failed', code, err: error }, 'request failed');
  return errorPage(c, 500, 'failed', await keepTyped(c));
}

/** The page that was asked for, or whose form was sent, comes again after signing in, with what was typed. */
async function goToSignIn(c: DeskContext): Promise<Response> {
  const target = new URLSearchParams();
  if (c.req.method !== 'POST') {
    target.set('page', localPath(addressToRepeat(c.req.url)));
  } else {
    const form = await readForm(c);
    target.set('page', localPath(form.text('_page')));
    target.set('why', (await keepDraft(c, form)) ? 'kept' : 'ended');
  }
  return c.redirect(`/sign-in?${target}`, 303);
}

/** What was typed is shown, so that it can be copied, and comes again in its form. */
async function keepTyped(c: DeskContext): Promise<Html> {
  if (c.req.method !== 'POST') return '';
  const form = await readForm(c);
  await keepDraft(c, form);
  const texts = [form.text('note'), form.text('text')].filter((text) => text !== undefined);
  const words = errorWords[c.var.browserLocale];
  return texts.length === 0
    ? ''
    : html`<h2 class="ds-heading" data-size="xs">${words.yourText}</h2>${texts.map((text) => html`<p class="desk-typed">${text}</p>`)}`;
}

/** @returns whether there was anything to keep */
async function keepDraft(c: DeskContext, form: Form): Promise<boolean> {
  const owner = form.text('_who');
  const typed = new URLSearchParams([...form.fields].filter(([name, value]) => !name.startsWith('_') && value !== ''));
  if (owner === undefined || typed.size === 0) return false;
  await c.var.drafts.keep(c, localPath(form.text('_page')), owner, typed);
  return true;
}
