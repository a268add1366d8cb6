import type { Hono } from 'hono';
import { html, raw } from 'hono/html';
import {
  type Invoice,
  type InvoiceFilter,
  type InvoiceIssuer,
  invoiceFilters,
  listInvoices,
  listIssuers,
} from '../../api/invoices.ts';
import { readPlace } from '../../api/row-place.ts';
import type { DeskEnv } from '../../http/desk-context.ts';
import { explainInvoice, invoiceStateWords } from '../../words/invoice-states.ts';
import { invoiceWords } from '../../words/invoices.ts';
import { memberName } from '../cases/names.ts';
import type { Html } from '../layout.ts';
import { openPage, type Page } from '../page.ts';
import { paging } from '../paging.ts';
import { dataTable, type TableRow } from '../table.ts';

const pageSize = 50;

/** `/invoices`: what is issued by eFaktura, and what became of it. */
export function addInvoiceList(app: Hono<DeskEnv>): void {
  app.get('/invoices', async (c) => {
    const asked = c.req.query('state') ?? '';
    const filter = Object.hasOwn(invoiceFilters, asked) ? (asked as InvoiceFilter) : undefined;
    const address = filter === undefined ? '/invoices' : `/invoices?state=${filter}`;
    const after = readPlace(c.req.query('after'));
    const [page, { invoices, more }, issuers] = await Promise.all([
      openPage(c),
      listInvoices(c.var.api, filter, after, pageSize),
      listIssuers(c.var.api),
    ]);
    const words = invoiceWords[page.locale];
    const last = invoices.at(-1);
    const next = more && last !== undefined ? { time: last.created_at, id: last.id } : undefined;
    const content = html`<h1 class="ds-heading" data-size="lg">${words.title}</h1>
<p>${words.explain}</p>
${issuers.length === 0 ? html`<p>${words.noIssuer}</p>` : issuers.map((issuer) => stopped(page, issuer))}
<p>${invoices.length === 0 ? words.none : words.shown(page.format.number(invoices.length))}</p>
${invoices.length === 0 ? '' : list(page, invoices)}
${paging(page, address, next, after === undefined)}
${filterForm(page, filter)}`;
    return page.show({ title: words.title, content });
  });
}

/** Why an organisation's invoices are not sent, where they are not. */
function stopped({ locale, format, me }: Page, issuer: InvoiceIssuer): Html {
  if (issuer.breaker === 'closed') return html``;
  const words = invoiceWords[locale];
  const name = me.organizations.find(({ slug }) => slug === issuer.organization)?.name ?? issuer.organization;
  const reason = explainInvoice(locale, null, issuer.error_code);
  const next = issuer.next_probe_at === null ? '' : ` ${words.probe(format.time(issuer.next_probe_at))}`;
  return html`<div class="ds-alert" data-color="warning"><p>${words.stopped(name)}${reason === null ? '' : ` ${reason}`}${next}</p></div>`;
}

function list(page: Page, invoices: Invoice[]): Html {
  const { locale, format } = page;
  const words = invoiceWords[locale];
  const rows = invoices.map(
    (invoice): TableRow => [
      html`<a class="ds-link" href="/invoices/${invoice.id}">${invoice.invoice_number}</a>`,
      html`<a class="ds-link" href="/members/${invoice.member_id}">${recipientName(page, invoice)}</a>`,
      format.kroner(invoice.amount_ore),
      format.date(invoice.due_date),
      stateAndReason(page, invoice),
      format.time(invoice.created_at),
      invoice.next_attempt_at === null ? '' : format.time(invoice.next_attempt_at),
    ],
  );
  const heads = [words.number, words.member, words.amount, words.due, words.state, words.added, words.next];
  return dataTable(words.title, heads, rows);
}

export function recipientName({ locale }: Page, invoice: Invoice): string {
  const { member_given_name, member_family_name, member_external_id } = invoice;
  return memberName(locale, member_given_name, member_family_name, member_external_id);
}

/** Where it stands, and why it was not sent. */
export function stateAndReason({ locale }: Page, { state, error_code }: Invoice): string {
  const reason = explainInvoice(locale, state, error_code);
  return `${invoiceStateWords[locale][state]}${reason === null ? '' : `. ${reason}`}`;
}

function filterForm({ locale }: Page, chosen: InvoiceFilter | undefined): Html {
  const words = invoiceWords[locale];
  const option = (value: string, text: string) =>
    html`<option value="${value}"${value === (chosen ?? '') ? raw(' selected') : ''}>${text}</option>`;
  return html`<form class="desk-form" method="get" action="/invoices">
<h2 class="ds-heading" data-size="sm">${words.filter}</h2>
<div class="desk-field"><label class="ds-label" for="state">${words.state}</label>
<select class="ds-input" id="state" name="state">${option('', words.all)}${Object.entries(words.filters).map(([value, text]) => option(value, text))}</select></div>
<button class="ds-button" data-variant="secondary" type="submit">${words.show}</button>
</form>`;
}
