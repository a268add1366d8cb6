import type { Hono } from 'hono';
import { html } from 'hono/html';
import { call, read } from '../../api/connect.ts';
import { NotFoundError } from '../../api/errors.ts';
import type { DeskContext, DeskEnv } from '../../http/desk-context.ts';
import { byHandWords } from '../../words/by-hand.ts';
import { refusalWords } from '../../words/refusals.ts';
import { changeWords } from '../../words/states.ts';
import { facts } from '../facts.ts';
import { formOwner, resultBox } from '../form-parts.ts';
import type { Html } from '../layout.ts';
import { openPage, type Page } from '../page.ts';
import { allowOwnScripts } from '../scripts.ts';
import { nameInRow, readiness, type WorklistRow } from './worklist.ts';

/** `/worklist/{push}`: one number to be typed in, or removed; and saying that it is done. */
export function addWorklistRow(app: Hono<DeskEnv>): void {
  app.get('/worklist/:id', (c) => showRow(c, c.req.param('id')));

  // Sealed, as the database holds it; the page's script and whoever has no script fetch it alike. Each is audited.
  app.post('/worklist/:id/number', async (c) => {
    const id = c.req.param('id');
    const outcome = await call(c.var.api.rpc('fetch_number', { push_id: id }));
    if ('refused' in outcome) return showRow(c, id, outcome.refused);
    c.header('content-type', 'application/jose');
    c.header('content-disposition', `attachment; filename="number-${id.slice(0, 8)}.jwe"`);
    return c.body(outcome.done.sealed);
  });

  app.post('/worklist/:id/done', async (c) => {
    const id = c.req.param('id');
    const outcome = await call(c.var.api.rpc('mark_done', { push_id: id }));
    if ('refused' in outcome) return showRow(c, id, outcome.refused);
    return c.redirect(`/worklist?done=${id}`, 303);
  });
}

async function showRow(c: DeskContext, id: string, refused?: keyof (typeof refusalWords)['nb']): Promise<Response> {
  allowOwnScripts(c);
  const [page, [row]] = await Promise.all([
    openPage(c, `/worklist/${id}`),
    read(c.var.api.from('worklist').select('*').eq('push_id', id)),
  ]);
  // Gone, because somebody else did it or it is not needed any more: the refusal says so on a page of its own.
  if (row === undefined && refused === undefined) throw new NotFoundError();
  const words = byHandWords[page.locale].list;
  const box =
    refused === undefined ? '' : resultBox('danger', words.refused, html`<p>${refusalWords[page.locale][refused]}</p>`);
  const name = row === undefined ? words.title : nameInRow(page, row);
  const content = html`${box}
<h1 class="ds-heading" data-size="lg">${name}</h1>
${row === undefined ? '' : whatToDo(page, row)}
${row?.ready === true && row.change !== 'remove' ? html`<script type="module" src="${c.var.assets.url('show-number.js')}"></script>` : ''}
<p><a class="ds-link" href="/worklist">${words.toList}</a></p>`;
  return page.show({
    title: refused === undefined ? name : words.refused,
    content,
    status: refused === undefined ? 200 : 409,
  });
}

function whatToDo(page: Page, row: WorklistRow): Html {
  const { locale, format } = page;
  const words = byHandWords[locale].list;
  const isSet = row.change !== 'remove';
  const known = facts([
    [words.change, changeWords[locale][isSet ? 'set' : 'remove']],
    [words.number, row.personnummer_masked ?? ''],
    [words.since, format.time(row.waiting_since)],
    [words.ready, readiness(page, row)],
  ]);
  if (row.ready !== true) return known;
  return html`${known}
<ol>
<li>${words.stepFind(nameInRow(page, row), row.member_external_id ?? '')}</li>
<li>${isSet ? words.stepSet : words.stepRemove}</li>
<li>${words.stepDone}</li>
</ol>
${isSet ? sealedNumber(page, row) : ''}
<form class="desk-form" method="post" action="/worklist/${row.push_id}/done">
${formOwner(page)}
<p>${words.doneHint}</p>
<button class="ds-button" type="submit">${words.done}</button>
</form>`;
}

/** With script the number is opened here; without it leaves sealed. */
function sealedNumber(page: Page, row: WorklistRow): Html {
  const { list: words, script } = byHandWords[page.locale];
  const action = `/worklist/${row.push_id}/number`;
  return html`<h2 class="ds-heading" data-size="sm">${words.show}</h2>
<form class="desk-form" id="show-number" method="post" action="${action}" hidden data-words="${JSON.stringify(script)}">
${formOwner(page)}
<p>${words.showHint}</p>
<div class="desk-field">
<label class="ds-label" for="key-file">${words.keyFile}</label>
<p id="key-file-hint">${words.keyFileHint}</p>
<input class="ds-input" type="file" id="key-file" accept=".jwe" aria-describedby="key-file-hint">
</div>
<div class="desk-field">
<label class="ds-label" for="passphrase">${words.passphrase}</label>
<input class="ds-input" type="password" id="passphrase" autocomplete="current-password">
</div>
<button class="ds-button" data-variant="secondary" type="submit">${words.show}</button>
</form>
<p id="number-status" role="status"></p>
<p class="desk-number" id="number" tabindex="-1"></p>
<button class="ds-button" data-variant="secondary" type="button" id="show-again" hidden>${script.showAgain}</button>
<form class="desk-form" id="without-script" method="post" action="${action}">
${formOwner(page)}
<p>${words.noScript}</p>
<button class="ds-button" data-variant="secondary" type="submit">${words.fetchSealed}</button>
</form>`;
}
