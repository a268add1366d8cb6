import type { Hono } from 'hono';
import { html } from 'hono/html';
import type { CaseCount } from '../../api/me.ts';
import type { DeskEnv } from '../../http/desk-context.ts';
import { kindWords } from '../../words/kinds.ts';
import { todayWords } from '../../words/today.ts';
import type { Html } from '../layout.ts';
import { openPage, type Page } from '../page.ts';

/** `/`: what there is to do. */
export function addToday(app: Hono<DeskEnv>): void {
  app.get('/', async (c) => {
    const page = await openPage(c);
    return page.show({ title: todayWords[page.locale].title, content: today(page) });
  });
}

function today({ locale, me, format }: Page): Html {
  const words = todayWords[locale];
  const total = (of: (count: CaseCount) => number) => me.counts.reduce((sum, each) => sum + of(each), 0);
  const open = total((count) => count.open);
  const proposed = total((count) => count.proposed);
  return html`<h1 class="ds-heading" data-size="lg">${words.title}</h1>
<p>${open === 0 ? words.nothing : words.waiting(format.number(open), open === 1)}</p>
${open === 0 ? '' : html`<p><a class="ds-button" href="/cases/next">${words.start}</a></p>`}
<ul>
<li><a class="ds-link" href="/cases?assignee=me">${words.mine(format.number(total((count) => count.mine)))}</a></li>
${proposed === 0 ? '' : html`<li><a class="ds-link" href="/approvals">${words.approvals(format.number(proposed))}</a></li>`}
</ul>
${me.counts.length === 0 ? '' : counts(me.counts, locale, format)}`;
}

function counts(each: CaseCount[], locale: Page['locale'], format: Page['format']): Html {
  const words = todayWords[locale];
  const rows = each.map(
    ({ kind, open, mine, postponed, oldest }) => html`<tr>
<th scope="row"><a class="ds-link" href="/cases?kind=${kind}">${kindWords[locale][kind]}</a></th>
<td>${format.number(open)}</td><td>${format.number(mine)}</td><td>${format.number(postponed)}</td>
<td>${oldest === null ? '' : format.date(oldest)}</td>
</tr>`,
  );
  const heads = [words.kind, words.open, words.mineHead, words.postponed, words.oldest];
  return html`<div class="desk-scroll" role="region" aria-label="${words.caption}" tabindex="0"><table class="ds-table">
<caption>${words.caption}</caption>
<thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${rows}</tbody>
</table></div>`;
}
