import type { Hono } from 'hono';
import { html } from 'hono/html';
import { listApprovals } from '../../api/cases.ts';
import type { DeskEnv } from '../../http/desk-context.ts';
import { decidedWords } from '../../words/decisions.ts';
import { kindWords } from '../../words/kinds.ts';
import { listWords } from '../../words/lists.ts';
import { caseTitle } from '../cases/names.ts';
import { openPage } from '../page.ts';
import { dataTable } from '../table.ts';

/** `/approvals`: what one coordinator proposed and another is to answer. It is answered on the case's own page, beside what it is about. */
export function addApprovals(app: Hono<DeskEnv>): void {
  app.get('/approvals', async (c) => {
    const [page, rows] = await Promise.all([openPage(c), listApprovals(c.var.api)]);
    const { locale, format } = page;
    const words = listWords[locale].approvals;
    const heads = [words.case, words.decision, words.by, words.when, words.note];
    const table = dataTable(
      words.title,
      heads,
      rows.map(
        ({ conflict_id, kind, found, decision, mine, proposed_by_name, proposed_at, note, evidence_changed }) => [
          html`<a class="ds-link" href="/cases/${conflict_id}">${found === undefined ? kindWords[locale][kind] : caseTitle(locale, found)}</a>${evidence_changed ? html` (${words.changed})` : ''}`,
          decision === null ? '' : decidedWords[locale][decision],
          mine ? words.mine : (proposed_by_name ?? ''),
          proposed_at === null ? '' : format.time(proposed_at),
          note ?? '',
        ],
      ),
    );
    const content = html`<h1 class="ds-heading" data-size="lg">${words.title}</h1>
${rows.length === 0 ? html`<p>${words.none}</p>` : table}`;
    return page.show({ title: words.title, content });
  });
}
