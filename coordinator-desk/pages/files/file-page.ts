import type { Hono } from 'hono';
import { html } from 'hono/html';
import type { Row } from '../../../db/api-types.gen.ts';
import { call, read } from '../../api/connect.ts';
import { NotFoundError } from '../../api/errors.ts';
import type { DeskContext, DeskEnv } from '../../http/desk-context.ts';
import { type Form, readForm } from '../../http/form.ts';
import { byHandWords } from '../../words/by-hand.ts';
import { commonWords } from '../../words/common.ts';
import { refusalWords } from '../../words/refusals.ts';
import { facts } from '../facts.ts';
import { errorSummary, formOwner, resultBox } from '../form-parts.ts';
import type { Html } from '../layout.ts';
import { openPage, type Page } from '../page.ts';

type File = Row<'sync_files'>;
type Refused = keyof (typeof refusalWords)['nb'];

/** `/files/{id}`: fetching a file, and acknowledging it, with a look at what that says before it is done. */
export function addFilePage(app: Hono<DeskEnv>): void {
  app.get('/files/:id', (c) => showFile(c, c.req.param('id'), {}));

  app.post('/files/:id/fetch', async (c) => {
    const id = c.req.param('id');
    const outcome = await call(c.var.api.rpc('fetch_sync_file', { file_id: id }));
    if ('refused' in outcome) return showFile(c, id, { refused: outcome.refused });
    c.header('content-type', 'application/jose');
    c.header('content-disposition', `attachment; filename="changes-${id.slice(0, 8)}.jwe"`);
    return c.body(outcome.done.sealed);
  });

  app.post('/files/:id/acknowledge', async (c) => {
    const id = c.req.param('id');
    const form = await readForm(c);
    if (form.text('confirmed') !== 'yes') return showCheck(c, id, form);
    const outcome = await call(
      c.var.api.rpc('acknowledge_sync_file', { file_id: id, refused_external_ids: membersIn(form) }),
    );
    if ('refused' in outcome) return showFile(c, id, { refused: outcome.refused, typed: form.text('refused') });
    c.var.drafts.drop(c, `/files/${id}`);
    return c.redirect(`/files/${id}?just=acknowledged`, 303);
  });
}

/** Member numbers, one on each line or with commas between. */
function membersIn(form: Form): string[] {
  const typed = (form.text('refused') ?? '').split(/[\n,;]/).map((number) => number.trim());
  return [...new Set(typed.filter((number) => number !== ''))];
}

/** @throws {NotFoundError} */
async function findFile(c: DeskContext, id: string): Promise<File> {
  const [file] = await read(c.var.api.from('sync_files').select('*').eq('file_id', id));
  if (file === undefined) throw new NotFoundError();
  return file;
}

async function showFile(
  c: DeskContext,
  id: string,
  { refused, typed }: { refused?: Refused; typed?: string | undefined },
): Promise<Response> {
  const path = `/files/${id}`;
  const [page, file] = await Promise.all([openPage(c, path), findFile(c, id)]);
  const { locale, format } = page;
  const words = byHandWords[locale].files;
  const draft = refused === undefined ? await c.var.drafts.find(c, path, page.me.userId) : undefined;
  const title = words.made(format.time(file.created_at));
  const content = html`${answer(page, file, c.req.query('just'), refused)}
<h1 class="ds-heading" data-size="lg">${title}</h1>
${facts([
  [words.state, words.states[file.state]],
  [words.changes, format.number(file.changes)],
  ...(file.state !== 'ready' || file.accept_until === null
    ? []
    : [[words.until, format.time(file.accept_until)] satisfies [string, string]]),
])}
${file.state === 'ready' ? actions(page, file, typed ?? draft?.fields.get('refused') ?? '', refused) : html`<p>${words.notReady}</p>`}
<p><a class="ds-link" href="/files">${words.toList}</a></p>`;
  const shownTitle =
    refused === undefined
      ? title
      : refused === 'not_in_file'
        ? `${commonWords[locale].errorInTitle}${title}`
        : words.refused;
  return page.show({ title: shownTitle, content, status: refused === undefined ? 200 : 422 });
}

function answer(page: Page, file: File, just: string | undefined, refused: Refused | undefined): Html {
  const words = byHandWords[page.locale].files;
  if (refused === 'not_in_file')
    return errorSummary(page, [{ href: '#refused', text: refusalWords[page.locale][refused] }]);
  if (refused !== undefined)
    return resultBox('danger', words.refused, html`<p>${refusalWords[page.locale][refused]}</p>`);
  return just === 'acknowledged' && file.state === 'acknowledged' ? resultBox('success', words.done, '') : '';
}

function actions(page: Page, file: File, typed: string, refused: Refused | undefined): Html {
  const words = byHandWords[page.locale].files;
  const fault = refused === 'not_in_file' ? refusalWords[page.locale][refused] : undefined;
  return html`<form class="desk-form" method="post" action="/files/${file.file_id}/fetch">
${formOwner(page)}
<h2 class="ds-heading" data-size="sm">${words.fetch}</h2>
<p>${words.fetchHint}</p>
<button class="ds-button" type="submit">${words.fetch}</button>
</form>
<form class="desk-form" method="post" action="/files/${file.file_id}/acknowledge">
${formOwner(page)}
<h2 class="ds-heading" data-size="sm">${words.acknowledge}</h2>
<p>${words.acknowledgeHint}</p>
<div class="desk-field">
<label class="ds-label" for="refused">${words.refusedLabel}</label>
<p id="refused-hint">${words.refusedHint}</p>
${fault === undefined ? '' : html`<p class="ds-validation-message" data-color="danger" id="refused-error">${fault}</p>`}
<textarea class="ds-input" id="refused" name="refused" rows="4" aria-describedby="refused-hint${fault === undefined ? '' : ' refused-error'}"${fault === undefined ? '' : html` aria-invalid="true"`}>${typed}</textarea>
</div>
<button class="ds-button" data-variant="secondary" type="submit">${words.next}</button>
</form>`;
}

/** Asked once more: it cannot be undone. */
async function showCheck(c: DeskContext, id: string, form: Form): Promise<Response> {
  const [page, file] = await Promise.all([openPage(c, `/files/${id}`), findFile(c, id)]);
  const words = byHandWords[page.locale].files;
  const members = membersIn(form);
  const content = html`<h1 class="ds-heading" data-size="md" tabindex="-1" autofocus>${words.checkTitle}</h1>
${
  members.length === 0
    ? html`<p>${words.checkAll(page.format.number(file.changes))}</p>`
    : html`<p>${words.checkSome(page.format.number(members.length))}</p><ul>${members.map((number) => html`<li>${number}</li>`)}</ul>`
}
<p>${words.final}</p>
<form class="desk-form" method="post" action="/files/${id}/acknowledge">
${formOwner(page)}
<input type="hidden" name="confirmed" value="yes">
<input type="hidden" name="refused" value="${members.join(', ')}">
<p class="desk-actions"><button class="ds-button" type="submit">${words.yes}</button>
<a class="ds-link" href="/files/${id}">${words.no}</a></p>
</form>`;
  return page.show({ title: words.checkTitle, content });
}
