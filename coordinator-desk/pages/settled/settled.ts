import type { Hono } from 'hono';
import { html, raw } from 'hono/html';
import { listSettled, type SettledCase } from '../../api/cases.ts';
import { type Colleague, listColleagues, nameOfUser } from '../../api/colleagues.ts';
import { call } from '../../api/connect.ts';
import { readPlace } from '../../api/row-place.ts';
import type { DeskContext, DeskEnv } from '../../http/desk-context.ts';
import { commonWords } from '../../words/common.ts';
import { decidedWords } from '../../words/decisions.ts';
import { listWords } from '../../words/lists.ts';
import { refusalWords } from '../../words/refusals.ts';
import { caseTitle } from '../cases/names.ts';
import { errorSummary } from '../form-parts.ts';
import type { Html } from '../layout.ts';
import { keepsNumberBack } from '../number-in-search.ts';
import { openPage, type Page } from '../page.ts';
import { dataTable } from '../table.ts';

const pageSize = 50;

/** `/settled`: what was decided, the newest first; found again by the member it was about. A case's own page takes it back. */
export function addSettled(app: Hono<DeskEnv>): void {
  app.get('/settled', async (c) => {
    const query = c.req.query('q')?.trim() || undefined;
    const [page, colleagues, found] = await Promise.all([openPage(c), listColleagues(c.var.api), membersOf(c, query)]);
    const words = listWords[page.locale].settled;
    const refused = found !== undefined && 'refused' in found ? refusalWords[page.locale][found.refused] : undefined;
    const members = found !== undefined && 'done' in found ? found.done.members.map((member) => member.id) : undefined;
    const list =
      refused === undefined
        ? await listSettled(c.var.api, { members }, readPlace(c.req.query('after')), pageSize)
        : { cases: [], more: false };
    const title = refused === undefined ? words.title : `${commonWords[page.locale].errorInTitle}${words.title}`;
    const content = settled(page, { query, refused, colleagues, ...list });
    return page.show({ title, content, status: refused === undefined ? 200 : 422 });
  });
}

/** Undefined: nobody is searched for. */
async function membersOf(c: DeskContext, query: string | undefined) {
  return query === undefined ? undefined : call(c.var.api.rpc('find_members', { query, limit: 50 }));
}

interface Shown {
  query: string | undefined;
  refused: string | undefined;
  colleagues: Colleague[];
  cases: SettledCase[];
  more: boolean;
}

function settled(page: Page, { query, refused, colleagues, cases, more }: Shown): Html {
  const { locale, format } = page;
  const words = listWords[locale].settled;
  const last = cases.at(-1);
  const next = new URLSearchParams({ ...(query && { q: query }), after: `${last?.settled_at},${last?.id}` });
  // The answer to a search has the focus.
  const answers = query !== undefined && refused === undefined;
  const heads = [words.case, words.decision, words.by, words.when, words.undo];
  return html`${refused === undefined ? '' : errorSummary(page, [{ href: '#q', text: refused }])}
<h1 class="ds-heading" data-size="lg">${words.title}</h1>
<form class="desk-form" method="get" action="/settled">
<label class="ds-label" for="q">${words.search}</label>
<p id="q-hint">${words.hint}</p>
<div class="desk-actions"><input class="ds-input" type="search" id="q" name="q" value="${query ?? ''}"${keepsNumberBack(locale)} aria-describedby="q-hint">
<button class="ds-button" data-variant="secondary" type="submit">${words.button}</button></div>
</form>
<p${answers ? raw(' tabindex="-1" autofocus') : ''}>${cases.length === 0 ? words.none : words.shown(format.number(cases.length))}</p>
${
  cases.length === 0
    ? ''
    : dataTable(
        words.title,
        heads,
        cases.map((found) => row(page, found, colleagues)),
      )
}
${more ? html`<p><a class="ds-button" data-variant="secondary" href="/settled?${next}">${commonWords[locale].next}</a></p>` : ''}`;
}

function row({ locale, format }: Page, found: SettledCase, colleagues: Colleague[]): [Html, ...string[]] {
  const { noUndo } = listWords[locale].settled;
  return [
    html`<a class="ds-link" href="/cases/${found.id}">${caseTitle(locale, found)}</a>`,
    found.decision === null ? '' : decidedWords[locale][found.decision],
    nameOfUser(colleagues, found.decided_by),
    found.settled_at === null ? '' : format.time(found.settled_at),
    found.undo_until === null ? noUndo : format.date(found.undo_until),
  ];
}
