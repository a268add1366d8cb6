import type { Hono } from 'hono';
import { html, raw } from 'hono/html';
import type { Enum } from '../../../db/api-types.gen.ts';
import { type CaseFilter, listCases, type OpenCase } from '../../api/cases.ts';
import { type RowPlace, readPlace } from '../../api/row-place.ts';
import type { DeskEnv } from '../../http/desk-context.ts';
import { caseListWords } from '../../words/case-list.ts';
import { commonWords } from '../../words/common.ts';
import { kindWords } from '../../words/kinds.ts';
import type { Html } from '../layout.ts';
import { openPage, type Page } from '../page.ts';
import { caseTitle } from './names.ts';

const pageSize = 50;

/** What the address asks for. */
interface Asked {
  kind?: Enum<'conflict_kind'> | undefined;
  assignee?: 'me' | 'nobody' | undefined;
  age?: Age | undefined;
  postponed: boolean;
  after?: RowPlace | undefined;
}

const ages = { week: 7, month: 30, quarter: 91 } as const;
type Age = keyof typeof ages;

/** `/cases`: those that wait, the oldest first; those that were put off are aside. */
export function addCaseList(app: Hono<DeskEnv>): void {
  app.get('/cases', async (c) => {
    const asked = readAsked((name) => c.req.query(name));
    const { userId } = await c.var.me;
    const [page, list] = await Promise.all([
      openPage(c),
      listCases(c.var.api, filterOf(asked, userId), asked.after, pageSize),
    ]);
    const words = caseListWords[page.locale];
    const title = asked.postponed ? words.titlePostponed : words.title;
    return page.show({ title, content: caseList(page, asked, title, list) });
  });
}

function readAsked(query: (name: string) => string | undefined): Asked {
  const kind = query('kind') ?? '';
  const assignee = query('assignee');
  const age = query('age') ?? '';
  return {
    kind: Object.hasOwn(kindWords.nb, kind) ? (kind as Enum<'conflict_kind'>) : undefined,
    assignee: assignee === 'me' || assignee === 'nobody' ? assignee : undefined,
    age: Object.hasOwn(ages, age) ? (age as Age) : undefined,
    postponed: query('postponed') === 'yes',
    after: readPlace(query('after')),
  };
}

function filterOf({ kind, assignee, age, postponed }: Asked, userId: string): CaseFilter {
  const before = age === undefined ? undefined : new Date(Date.now() - ages[age] * 86_400_000).toISOString();
  return { kind, assignee: assignee === 'me' ? userId : assignee, before, postponed };
}

function addressOf({ kind, assignee, age, postponed }: Asked, more: Record<string, string> = {}): string {
  const query = new URLSearchParams({
    ...(kind && { kind }),
    ...(assignee && { assignee }),
    ...(age && { age }),
    ...(postponed && { postponed: 'yes' }),
    ...more,
  });
  return query.size === 0 ? '/cases' : `/cases?${query}`;
}

function caseList(page: Page, asked: Asked, title: string, list: { cases: OpenCase[]; more: boolean }): Html {
  const words = caseListWords[page.locale];
  const { cases, more } = list;
  const last = cases.at(-1);
  const next = more && last !== undefined ? addressOf(asked, { after: `${last.opened_at},${last.id}` }) : undefined;
  const common = commonWords[page.locale];
  return html`<h1 class="ds-heading" data-size="lg">${title}</h1>
<p>${cases.length === 0 ? words.none : words.shown(page.format.number(cases.length))}</p>
${cases.length === 0 ? '' : tableOf(page, cases, asked.postponed)}
<p class="desk-actions">
${next === undefined ? '' : html`<a class="ds-button" data-variant="secondary" href="${next}">${common.next}</a>`}
${asked.after === undefined ? '' : html`<a class="ds-link" href="${addressOf(asked)}">${common.first}</a>`}
<a class="ds-link" href="${addressOf({ ...asked, postponed: !asked.postponed })}">${asked.postponed ? words.notPostponed : words.postponed}</a>
</p>
${filterForm(page, asked)}`;
}

function tableOf({ locale, format }: Page, cases: OpenCase[], postponed: boolean): Html {
  const words = caseListWords[locale];
  const rows = cases.map(
    (found) => html`<tr>
<th scope="row"><a class="ds-link" href="/cases/${found.id}">${caseTitle(locale, found)}</a>${found.state === 'proposed' ? html` (${words.proposed})` : ''}</th>
<td>${format.date(found.opened_at)}</td>
<td>${found.seen === 1 ? words.once : words.times(format.number(found.seen))}</td>
<td>${found.assigned_name ?? ''}</td>
${postponed ? html`<td>${found.postponed_until === null ? '' : format.date(found.postponed_until)}</td>` : ''}
</tr>`,
  );
  const heads = [words.case, words.opened, words.seen, words.taken, ...(postponed ? [words.until] : [])];
  return html`<div class="desk-scroll" role="region" aria-label="${words.title}" tabindex="0"><table class="ds-table" data-border>
<caption>${postponed ? words.titlePostponed : words.title}</caption>
<thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${rows}</tbody>
</table></div>`;
}

function filterForm({ locale }: Page, { kind, assignee, age, postponed }: Asked): Html {
  const words = caseListWords[locale];
  const select = (name: string, label: string, chosen: string | undefined, options: [value: string, text: string][]) =>
    html`<div class="desk-field"><label class="ds-label" for="${name}">${label}</label>
<select class="ds-input" id="${name}" name="${name}">${options.map(
      ([value, text]) =>
        html`<option value="${value}"${value === (chosen ?? '') ? raw(' selected') : ''}>${text}</option>`,
    )}</select></div>`;
  return html`<form class="desk-form" method="get" action="/cases">
<h2 class="ds-heading" data-size="sm">${words.filter}</h2>
${postponed ? html`<input type="hidden" name="postponed" value="yes">` : ''}
${select('kind', words.kind, kind, [['', words.allKinds], ...Object.entries(kindWords[locale])])}
${select('assignee', words.assignee, assignee, [
  ['', words.everybody],
  ['me', words.me],
  ['nobody', words.nobody],
])}
${select('age', words.age, age, [
  ['', words.anyAge],
  ['week', words.week],
  ['month', words.month],
  ['quarter', words.quarter],
])}
<button class="ds-button" data-variant="secondary" type="submit">${words.show}</button>
</form>`;
}
