import type { Hono } from 'hono';
import { html } from 'hono/html';
import { type Erasure, fetchReceipt, findErasure, listErasures } from '../../api/erasures.ts';
import type { DeskContext, DeskEnv } from '../../http/desk-context.ts';
import { erasureWords, placeWords, receiptWords } from '../../words/erasures.ts';
import { formatIn } from '../../words/format.ts';
import { refusalWords } from '../../words/refusals.ts';
import { facts } from '../facts.ts';
import { formOwner, resultBox } from '../form-parts.ts';
import type { Html } from '../layout.ts';
import { openPage, type Page } from '../page.ts';
import { dataTable, type TableRow } from '../table.ts';

/** `/erasures`, `/erasures/{id}`: what became of an erasure; and its receipt, which is shown once. */
export function addErasurePages(app: Hono<DeskEnv>): void {
  app.get('/erasures', async (c) => {
    const [page, erasures] = await Promise.all([openPage(c), listErasures(c.var.api)]);
    const words = erasureWords[page.locale];
    const rows = erasures.map(
      (erasure): TableRow => [
        html`<a class="ds-link" href="/erasures/${erasure.erasure_id}">${words.one(page.format.time(erasure.announced_at))}</a>`,
        words.states[erasure.state],
        erasure.removal === null ? '' : words.removals[erasure.removal],
      ],
    );
    const content = html`<h1 class="ds-heading" data-size="lg">${words.list}</h1>
${rows.length === 0 ? html`<p>${words.none}</p>` : dataTable(words.list, [words.erasedAt, words.state, words.removal], rows)}`;
    return page.show({ title: words.list, content });
  });

  app.get('/erasures/:id', (c) => showErasure(c, c.req.param('id')));

  app.post('/erasures/:id/receipt', async (c) => {
    const id = c.req.param('id');
    const outcome = await fetchReceipt(c.var.api, id);
    if ('refused' in outcome) return showErasure(c, id, outcome.refused);
    const [page, erasure] = await Promise.all([openPage(c, `/erasures/${id}`), findErasure(c.var.api, id)]);
    c.header('cache-control', 'no-store');
    return page.show({ title: receiptWords.title, content: receipt(page, erasure, outcome.done.receipt) });
  });
}

async function showErasure(c: DeskContext, id: string, refused?: keyof typeof refusalWords.nb): Promise<Response> {
  const [page, erasure] = await Promise.all([openPage(c, `/erasures/${id}`), findErasure(c.var.api, id)]);
  const { locale, format } = page;
  const words = erasureWords[locale];
  const title = words.one(format.time(erasure.announced_at));
  const content = html`${refused === undefined ? '' : resultBox('warning', words.receipt, html`<p>${refusalWords[locale][refused]}</p>`)}
<h1 class="ds-heading" data-size="lg">${title}</h1>
${facts([
  [words.state, words.states[erasure.state]],
  [words.reason, erasure.reason],
  ...(erasure.erased_at === null ? [] : [[words.erasedAt, format.time(erasure.erased_at)] satisfies [string, string]]),
  ...(erasure.removal === null ? [] : [[words.removal, words.removals[erasure.removal]] satisfies [string, string]]),
])}
${erasure.state === 'announced' ? html`<p><a class="ds-link" href="/erasures/${id}">${words.reload}</a></p>` : ''}
${erasure.counts === null ? '' : countTable(page, erasure.counts, placeWords[locale], words)}
${erasure.state === 'announced' ? '' : receiptPart(page, erasure)}
<p><a class="ds-link" href="/erasures">${words.list}</a></p>`;
  return page.show({ title, content, status: refused === undefined ? 200 : 422 });
}

/** What was erased, where anything was. */
function countTable(
  { format }: Page,
  counts: Record<string, number>,
  places: Partial<Record<string, string>>,
  words: { counts: string; table: string; rows: string },
): Html {
  const rows = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([table, count]): TableRow => [places[table] ?? table, format.number(count)]);
  return dataTable(words.counts, [words.table, words.rows], rows);
}

function receiptPart(page: Page, erasure: Erasure): Html {
  const words = erasureWords[page.locale];
  const given = erasure.receipt_given_at;
  if (given !== null) return html`<p>${words.receiptGiven(page.format.time(given))}</p>`;
  if (!erasure.receipt_waits)
    return html`<p>${words.receiptLater} <a class="ds-link" href="/erasures/${erasure.erasure_id}">${words.reload}</a></p>`;
  return html`<form class="desk-form" method="post" action="/erasures/${erasure.erasure_id}/receipt">
${formOwner(page)}
<h2 class="ds-heading" data-size="sm">${words.receipt}</h2>
<p>${words.receiptHint}</p>
<button class="ds-button" type="submit">${words.fetchReceipt}</button>
</form>`;
}

/** For the person, in bokmål: to be printed or sent. */
function receipt(page: Page, erasure: Erasure, signed: string): Html {
  const words = receiptWords;
  const { removal, counts, erased_at: erasedAt } = erasure;
  const organization =
    page.me.organizations.find(({ slug }) => slug === erasure.organization)?.name ?? erasure.organization;
  const format = formatIn('nb');
  return html`<div lang="nb">
<h1 class="ds-heading" data-size="lg">${words.title}</h1>
<p>${words.text(organization, erasedAt === null ? '' : format.time(erasedAt))} ${words.nobody}</p>
${facts([[words.number, erasure.erasure_id]])}
${countTable(page, counts ?? {}, placeWords.nb, { counts: words.erased, table: erasureWords.nb.table, rows: erasureWords.nb.rows })}
<p>${words.removal[removal ?? ''] ?? ''}</p>
<h2 class="ds-heading" data-size="sm">${words.kept}</h2>
<ul>${words.keeping.map((each) => html`<li>${each}</li>`)}</ul>
<h2 class="ds-heading" data-size="sm" id="signed">${words.signed}</h2>
<p id="signed-hint">${words.signedHint}</p>
<textarea class="ds-input" rows="8" readonly aria-labelledby="signed" aria-describedby="signed-hint">${signed}</textarea>
</div>
<p><a class="ds-link" href="/erasures/${erasure.erasure_id}">${erasureWords[page.locale].reload}</a></p>`;
}
