import type { Hono } from 'hono';
import { html } from 'hono/html';
import { cancelInvoice, findInvoice, type Invoice, retryInvoice } from '../../api/invoices.ts';
import type { DeskContext, DeskEnv } from '../../http/desk-context.ts';
import { readForm } from '../../http/form.ts';
import { commonWords } from '../../words/common.ts';
import { invoiceWords } from '../../words/invoices.ts';
import { refusalWords } from '../../words/refusals.ts';
import { facts } from '../facts.ts';
import { errorSummary, formOwner, resultBox } from '../form-parts.ts';
import type { Html } from '../layout.ts';
import { openPage, type Page } from '../page.ts';
import { recipientName, stateAndReason } from './invoice-list.ts';

type Refused = keyof (typeof refusalWords)['nb'];

/** What stands in the form again, and why nothing was done. */
interface Again {
  reason?: string;
  refused?: Refused;
}

/** `/invoices/{id}`: one invoice; cancelling it with a reason, and having it tried again. */
export function addInvoicePage(app: Hono<DeskEnv>): void {
  app.get('/invoices/:id', (c) => show(c, c.req.param('id'), {}));

  app.post('/invoices/:id/cancel', async (c) => {
    const id = c.req.param('id');
    const reason = (await readForm(c)).text('note') ?? '';
    const outcome = await cancelInvoice(c.var.api, id, reason);
    if ('refused' in outcome) return show(c, id, { reason, refused: outcome.refused });
    c.var.drafts.drop(c, pathOf(id));
    return c.redirect(`${pathOf(id)}?just=cancelled`, 303);
  });

  app.post('/invoices/:id/retry', async (c) => {
    const id = c.req.param('id');
    const outcome = await retryInvoice(c.var.api, id);
    if ('refused' in outcome) return show(c, id, { refused: outcome.refused });
    return c.redirect(`${pathOf(id)}?just=queued`, 303);
  });
}

const pathOf = (id: string) => `/invoices/${id}`;

/** Refusals that are about the reason: they can be corrected in its field. */
const ofReason: Refused[] = ['text_missing', 'reason_too_long', 'number_in_note'];

async function show(c: DeskContext, id: string, { reason, refused }: Again): Promise<Response> {
  const [page, invoice] = await Promise.all([openPage(c, pathOf(id)), findInvoice(c.var.api, id)]);
  const { locale } = page;
  const words = invoiceWords[locale];
  const draft = reason === undefined ? await c.var.drafts.find(c, pathOf(id), page.me.userId) : undefined;
  const typed = reason ?? draft?.fields.get('note') ?? '';
  const title = words.one(invoice.invoice_number);
  const fault = refused !== undefined && ofReason.includes(refused) ? whatIsWrong(page, refused) : undefined;
  const content = html`${fault === undefined ? '' : errorSummary(page, [{ href: '#note', text: fault }])}
${refused === undefined || fault !== undefined ? justDone(page, invoice, c.req.query('just')) : notDone(page, invoice, refused, typed)}
<h1 class="ds-heading" data-size="lg">${title}</h1>
${factsOf(page, invoice)}
${retryForm(page, invoice)}
${cancelForm(page, invoice, typed, fault)}
<p><a class="ds-link" href="/invoices">${words.toList}</a></p>`;
  return page.show({
    title: fault === undefined ? title : `${commonWords[locale].errorInTitle}${title}`,
    content,
    status: refused === undefined ? 200 : fault === undefined ? 409 : 422,
  });
}

function whatIsWrong({ locale }: Page, refused: Refused): string {
  return refused === 'text_missing' ? invoiceWords[locale].reasonMissing : refusalWords[locale][refused];
}

/** Somebody else was quicker, or the worker was: why nothing was done, and what was typed where there is no form for it any more. */
function notDone({ locale }: Page, invoice: Invoice, refused: Refused, typed: string): Html {
  const words = invoiceWords[locale];
  const kept =
    typed === '' || canCancel(invoice) ? '' : html`<p>${words.yourReason}</p><p class="desk-typed">${typed}</p>`;
  return resultBox('warning', words.refused, html`<p>${refusalWords[locale][refused]}</p>${kept}`);
}

/** Says what has just been done, if the invoice shows that it was: an address alone claims nothing. */
function justDone({ locale }: Page, { state }: Invoice, just: string | undefined): Html {
  const words = invoiceWords[locale];
  if (just === 'cancelled' && state === 'cancelled') return resultBox('success', words.cancelled, html``);
  const isQueued = state === 'pending' || state === 'issuing' || state === 'issued';
  if (just === 'queued' && isQueued) return resultBox('success', words.queued, html`<p>${words.leave}</p>`);
  return html``;
}

function factsOf(page: Page, invoice: Invoice): Html {
  const { format, me } = page;
  const words = invoiceWords[page.locale];
  const organization = me.organizations.find(({ slug }) => slug === invoice.organization)?.name ?? invoice.organization;
  const lines: [string, Html | string | null][] = [
    [words.state, stateAndReason(page, invoice)],
    [words.cancelReason, invoice.cancel_reason],
    [words.member, html`<a class="ds-link" href="/members/${invoice.member_id}">${recipientName(page, invoice)}</a>`],
    [words.issuer, organization],
    [words.amount, format.kroner(invoice.amount_ore)],
    [words.due, format.date(invoice.due_date)],
    [words.kid, invoice.kid],
    [words.reference, invoice.document_reference],
    [words.description, invoice.description],
    [words.added, format.time(invoice.created_at)],
    [words.settled, invoice.settled_at === null ? null : format.time(invoice.settled_at)],
    [words.next, invoice.next_attempt_at === null ? null : format.time(invoice.next_attempt_at)],
    [words.attempts, format.number(invoice.attempts)],
    [words.code, invoice.error_code],
  ];
  return facts(lines.filter((line): line is [string, Html | string] => line[1] !== null));
}

/** As `api.cancel_invoice` and `api.retry_invoice` judge; they have the last word. */
const canCancel = ({ state }: Invoice) => state !== 'issuing' && state !== 'issued' && state !== 'cancelled';
const canRetry = (invoice: Invoice) =>
  canCancel(invoice) && (invoice.state !== 'pending' || invoice.error_code !== null);

function retryForm(page: Page, invoice: Invoice): Html {
  if (!canRetry(invoice)) return html``;
  const words = invoiceWords[page.locale];
  return html`<h2 class="ds-heading" data-size="sm">${words.retry}</h2>
<p>${words.retryHint}</p>
<form method="post" action="${pathOf(invoice.id)}/retry">${formOwner(page)}
<button class="ds-button" data-variant="secondary" type="submit">${words.retry}</button></form>`;
}

function cancelForm(page: Page, invoice: Invoice, typed: string, fault: string | undefined): Html {
  if (!canCancel(invoice)) return html``;
  const words = invoiceWords[page.locale];
  const message =
    fault === undefined ? '' : html`<p class="ds-validation-message" data-color="danger" id="note-error">${fault}</p>`;
  return html`<h2 class="ds-heading" data-size="sm">${words.cancel}</h2>
<form class="desk-form" method="post" action="${pathOf(invoice.id)}/cancel">
${formOwner(page)}
<div class="desk-field">
<label class="ds-label" for="note">${words.reason}</label>
<p id="note-hint">${words.reasonHint}</p>
${message}
<textarea class="ds-input" id="note" name="note" rows="3" maxlength="500" aria-describedby="note-hint${fault === undefined ? '' : ' note-error'}"${fault === undefined ? '' : html` aria-invalid="true"`}>${typed}</textarea>
</div>
<button class="ds-button" data-color="danger" type="submit">${words.cancel}</button>
</form>`;
}
