import type { Hono } from 'hono';
import { html, raw } from 'hono/html';
import type { DeskEnv } from '../../http/desk-context.ts';
import { helpWords } from '../../words/help.ts';
import { openPage } from '../page.ts';
import { readHelp } from './help-text.ts';

/** `/help`: what `docs/` says to coordinators. */
export function addHelp(app: Hono<DeskEnv>): void {
  app.get('/help', async (c) => {
    const page = await openPage(c);
    const help = await readHelp(page.locale);
    const words = helpWords[page.locale];
    const content = html`${words.otherLanguage === '' ? '' : html`<p>${words.otherLanguage}</p>`}
<nav aria-label="${words.contents}"><ul>${help.parts.map(({ id, title }) => html`<li><a class="ds-link" href="#${id}">${title}</a></li>`)}</ul></nav>
<div lang="${help.language}">${raw(help.html)}</div>`;
    return page.show({ title: words.title, content });
  });
}
