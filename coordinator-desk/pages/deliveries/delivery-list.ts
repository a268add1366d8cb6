import type { Hono } from 'hono';
import { html, raw } from 'hono/html';
import { type Delivery, type DeliveryFilter, deliveryFilters, listDeliveries } from '../../api/deliveries.ts';
import { readPlace } from '../../api/row-place.ts';
import type { DeskContext, DeskEnv } from '../../http/desk-context.ts';
import { deliveryWords } from '../../words/deliveries.ts';
import { explainFailure } from '../../words/failures.ts';
import { refusalWords } from '../../words/refusals.ts';
import { changeWords, deliveryStateWords } from '../../words/states.ts';
import { memberName } from '../cases/names.ts';
import { formOwner, resultBox } from '../form-parts.ts';
import type { Html } from '../layout.ts';
import { openPage, type Page } from '../page.ts';
import { paging } from '../paging.ts';
import { dataTable, type TableRow } from '../table.ts';

const pageSize = 50;

/** `/deliveries`: how changes reached the member system. */
export function addDeliveryList(app: Hono<DeskEnv>): void {
  app.get('/deliveries', (c) => showDeliveries(c));
}

/** @param refused why what was asked for was not done */
export async function showDeliveries(c: DeskContext, refused?: keyof (typeof refusalWords)['nb']): Promise<Response> {
  const asked = c.req.query('state') ?? '';
  const filter = Object.hasOwn(deliveryFilters, asked) ? (asked as DeliveryFilter) : undefined;
  const address = filter === undefined ? '/deliveries' : `/deliveries?state=${filter}`;
  const after = readPlace(c.req.query('after'));
  const [page, { deliveries, more }] = await Promise.all([
    openPage(c, refused === undefined ? undefined : address),
    listDeliveries(c.var.api, filter, after, pageSize),
  ]);
  const { locale, format } = page;
  const words = deliveryWords[locale];
  const last = deliveries.at(-1);
  const next = more && last !== undefined ? { time: last.created_at, id: last.id } : undefined;
  const content = html`${refused === undefined ? '' : resultBox('danger', words.refused, html`<p>${refusalWords[locale][refused]}</p>`)}
<h1 class="ds-heading" data-size="lg">${words.title}</h1>
<p>${words.explain}</p>
<p>${deliveries.length === 0 ? words.none : words.shown(format.number(deliveries.length))}</p>
${deliveries.length === 0 ? '' : list(page, deliveries)}
${paging(page, address, next, after === undefined)}
${sameFault(page, deliveries)}
${filterForm(page, filter)}`;
  const title = refused === undefined ? words.title : words.refused;
  return page.show({ title, content, status: refused === undefined ? 200 : 422 });
}

function list(page: Page, deliveries: Delivery[]): Html {
  const { locale, format } = page;
  const words = deliveryWords[locale];
  const rows = deliveries.map(
    (delivery): TableRow => [
      html`<a class="ds-link" href="/members/${delivery.member_id}">${nameOn(page, delivery)}</a>`,
      changeWords[locale][delivery.change === 'remove' ? 'remove' : 'set'],
      html`${deliveryStateWords[locale][delivery.state]}${reason(page, delivery)}`,
      format.time(delivery.created_at),
      delivery.next_attempt_at === null ? '' : format.time(delivery.next_attempt_at),
      action(page, delivery),
    ],
  );
  const heads = [words.member, words.change, words.state, words.when, words.next, words.action];
  return dataTable(words.title, heads, rows);
}

function nameOn({ locale }: Page, delivery: Delivery): string {
  return memberName(locale, delivery.member_given_name, delivery.member_family_name, delivery.member_external_id);
}

/** Why it has not arrived, in words. */
export function reason({ locale }: Page, { waits_for_conflict_id, error_code, settled_at, state }: Delivery): Html {
  if (waits_for_conflict_id !== null) return html`. ${deliveryWords[locale].disputed}`;
  const isOver = settled_at !== null && state !== 'rejected' && state !== 'given_up';
  return error_code === null || isOver ? '' : html`. ${explainFailure(locale, error_code)}`;
}

function action(page: Page, delivery: Delivery): Html {
  const words = deliveryWords[page.locale];
  const { id, state, waits_for_conflict_id, error_code } = delivery;
  if (waits_for_conflict_id !== null)
    return html`<a class="ds-link" href="/cases/${waits_for_conflict_id}">${words.toCase}</a>`;
  const failed = state === 'rejected' || state === 'given_up' || (state === 'pending' && error_code !== null);
  return failed
    ? html`<form method="post" action="/deliveries/retry">${formOwner(page)}<input type="hidden" name="push" value="${id}">
<button class="ds-button" data-variant="secondary" data-size="sm" type="submit" aria-label="${words.retryOf(nameOn(page, delivery))}">${words.retry}</button></form>`
    : '';
}

/** One button for each fault that stands in the list. */
function sameFault(page: Page, deliveries: Delivery[]): Html {
  const words = deliveryWords[page.locale];
  const codes = new Set(
    deliveries
      .filter(({ state }) => state === 'rejected' || state === 'given_up')
      .flatMap(({ error_code }) => (error_code === null ? [] : [error_code])),
  );
  if (codes.size === 0) return '';
  return html`<h2 class="ds-heading" data-size="sm">${words.same}</h2>
<p>${words.sameHint}</p>
<ul>${[...codes].map((code) => html`<li>${explainFailure(page.locale, code)} ${words.code(code)} ${retryAll(page, code, words.same)}</li>`)}</ul>`;
}

export function retryAll(page: Page, code: string, label: string): Html {
  return html`<form method="post" action="/deliveries/retry">${formOwner(page)}<input type="hidden" name="code" value="${code}">
<button class="ds-button" data-variant="secondary" data-size="sm" type="submit" aria-label="${label}: ${code}">${label}</button></form>`;
}

function filterForm({ locale }: Page, chosen: DeliveryFilter | undefined): Html {
  const words = deliveryWords[locale];
  const option = (value: string, text: string) =>
    html`<option value="${value}"${value === (chosen ?? '') ? raw(' selected') : ''}>${text}</option>`;
  return html`<form class="desk-form" method="get" action="/deliveries">
<h2 class="ds-heading" data-size="sm">${words.filter}</h2>
<div class="desk-field"><label class="ds-label" for="state">${words.label}</label>
<select class="ds-input" id="state" name="state">${option('', words.all)}${Object.entries(words.filters).map(([value, text]) => option(value, text))}</select></div>
<button class="ds-button" data-variant="secondary" type="submit">${words.show}</button>
</form>`;
}
