import type { Hono } from 'hono';
import { html } from 'hono/html';
import type { Row } from '../../../db/api-types.gen.ts';
import { read } from '../../api/connect.ts';
import { readPlace } from '../../api/row-place.ts';
import type { DeskEnv } from '../../http/desk-context.ts';
import { byHandWords } from '../../words/by-hand.ts';
import { changeWords } from '../../words/states.ts';
import { memberName } from '../cases/names.ts';
import { resultBox } from '../form-parts.ts';
import type { Html } from '../layout.ts';
import { openPage, type Page } from '../page.ts';
import { paging } from '../paging.ts';
import { dataTable, type TableRow } from '../table.ts';

const pageSize = 50;

export type WorklistRow = Row<'worklist'>;

/** `/worklist`: what a person types into the member system, the oldest first. */
export function addWorklist(app: Hono<DeskEnv>): void {
  app.get('/worklist', async (c) => {
    const after = readPlace(c.req.query('after'));
    const view = c.var.api.from('worklist').select('*');
    const query =
      after === undefined
        ? view
        : view.or(`waiting_since.gt."${after.time}",and(waiting_since.eq."${after.time}",push_id.gt.${after.id})`);
    const [page, found] = await Promise.all([
      openPage(c),
      read(
        query
          .order('waiting_since')
          .order('push_id')
          .limit(pageSize + 1),
      ),
    ]);
    const words = byHandWords[page.locale].list;
    const rows = found.slice(0, pageSize);
    const last = rows.at(-1);
    const next =
      found.length > pageSize && last !== undefined ? { time: last.waiting_since, id: last.push_id } : undefined;
    // The row that was done is gone: that it is, is what can be told.
    const done = c.req.query('done');
    const gone = done !== undefined && !found.some(({ push_id }) => push_id === done);
    const content = html`${gone ? resultBox('success', words.isDone, nextRow(page, rows)) : ''}
<h1 class="ds-heading" data-size="lg">${words.title}</h1>
<p>${words.explain}</p>
<p>${rows.length === 0 ? words.none : words.shown(page.format.number(rows.length))}</p>
${rows.length === 0 ? '' : list(page, rows)}
${paging(page, '/worklist', next, after === undefined)}
<p><a class="ds-link" href="/worklist/key">${words.toKey}</a></p>`;
    return page.show({ title: gone ? words.isDone : words.title, content });
  });
}

function nextRow(page: Page, rows: WorklistRow[]): Html {
  const next = rows.find(({ ready }) => ready);
  return next === undefined
    ? ''
    : html`<p><a class="ds-link" href="/worklist/${next.push_id}">${byHandWords[page.locale].list.next}</a></p>`;
}

function list(page: Page, rows: WorklistRow[]): Html {
  const { locale, format } = page;
  const words = byHandWords[locale].list;
  const lines = rows.map(
    (row): TableRow => [
      html`<a class="ds-link" href="/worklist/${row.push_id}">${nameInRow(page, row)}</a>`,
      changeWords[locale][row.change === 'remove' ? 'remove' : 'set'],
      format.time(row.waiting_since),
      readiness(page, row),
    ],
  );
  return dataTable(words.title, [words.member, words.change, words.since, words.ready], lines);
}

export function readiness(page: Page, { ready, waits_for_conflict_id }: WorklistRow): Html {
  const words = byHandWords[page.locale].list;
  if (waits_for_conflict_id !== null)
    return html`${words.disputed}. <a class="ds-link" href="/cases/${waits_for_conflict_id}">${words.toCase}</a>`;
  return html`${ready === true ? words.yes : words.no}`;
}

export function nameInRow({ locale }: Page, row: WorklistRow): string {
  return memberName(locale, row.given_name, row.family_name, row.member_external_id);
}
