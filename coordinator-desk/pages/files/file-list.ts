import type { Hono } from 'hono';
import { html } from 'hono/html';
import { read } from '../../api/connect.ts';
import type { DeskEnv } from '../../http/desk-context.ts';
import { byHandWords } from '../../words/by-hand.ts';
import { openPage } from '../page.ts';
import { dataTable, type TableRow } from '../table.ts';

/** As many as anybody looks back at; one is made at a time. */
const shown = 50;

/** `/files`: files for the member system, the newest first. */
export function addFileList(app: Hono<DeskEnv>): void {
  app.get('/files', async (c) => {
    const [page, files] = await Promise.all([
      openPage(c),
      read(c.var.api.from('sync_files').select('*').order('created_at', { ascending: false }).limit(shown)),
    ]);
    const { locale, format } = page;
    const words = byHandWords[locale].files;
    const rows = files.map(
      (file): TableRow => [
        html`<a class="ds-link" href="/files/${file.file_id}">${words.made(format.time(file.created_at))}</a>`,
        format.number(file.changes),
        words.states[file.state],
        file.state !== 'ready' || file.accept_until === null ? '' : format.time(file.accept_until),
      ],
    );
    const heads = [words.file, words.changes, words.state, words.until];
    const content = html`<h1 class="ds-heading" data-size="lg">${words.title}</h1>
<p>${words.explain}</p>
${rows.length === 0 ? html`<p>${words.none}</p>` : dataTable(words.title, heads, rows)}`;
    return page.show({ title: words.title, content });
  });
}
