import { stringify } from 'csv-stringify/sync';
import type { Hono } from 'hono';
import { html } from 'hono/html';
import type { GrantPerson } from '../../../db/api-types.gen.ts';
import { NotFoundError } from '../../api/errors.ts';
import { drawSample, type ListName, loadList, loadReport, loadWholeList } from '../../api/grants.ts';
import type { DeskEnv } from '../../http/desk-context.ts';
import { grantWords } from '../../words/grants.ts';
import { refusalWords } from '../../words/refusals.ts';
import { resultBox } from '../form-parts.ts';
import type { Html } from '../layout.ts';
import { openPage, type Page } from '../page.ts';
import { dataTable, type TableRow } from '../table.ts';

const names = ['counted', 'not_counted', 'duplicates', 'places'] as const;
const pageSize = 500;

/** `/grants/{id}/lists/{name}`: persons, to look at and to print; `.csv`: the whole list; `/grants/{id}/sample`: members drawn for the auditor. */
export function addGrantLists(app: Hono<DeskEnv>): void {
  app.get('/grants/:id/lists/:file{[a-z_]+\\.csv}', async (c) => {
    const id = c.req.param('id');
    const name = listNamed(c.req.param('file').replace('.csv', ''));
    const [page, report] = await Promise.all([openPage(c), loadReport(c.var.api, id)]);
    const rows = await loadWholeList(c.var.api, id, name);
    c.header('content-type', 'text/csv; charset=utf-8');
    c.header('content-disposition', `attachment; filename="${report.organization}-${report.base_year}-${name}.csv"`);
    return c.body(asCsv(page, name, rows));
  });

  app.get('/grants/:id/lists/:name', async (c) => {
    const id = c.req.param('id');
    const name = listNamed(c.req.param('name'));
    const after = Number(c.req.query('after') ?? 0);
    const [page, report] = await Promise.all([openPage(c), loadReport(c.var.api, id)]);
    const rows = await loadList(c.var.api, id, name, Number.isInteger(after) && after >= 0 ? after : 0, pageSize);
    const words = grantWords[page.locale];
    const last = rows.at(-1);
    const content = html`<h1 class="ds-heading" data-size="lg">${words.lists[name]}</h1>
<p>${report.organization_name}. ${words.years(report.base_year, report.application_year, report.grant_year)}. ${words.snapshot} ${report.snapshot_id}</p>
${rows.length === 0 ? html`<p>${words.emptyList}</p>` : persons(page, name, words.lists[name], rows)}
${rows.length === pageSize && last !== undefined ? html`<p class="desk-no-print"><a class="ds-link" href="/grants/${id}/lists/${name}?after=${last.nth}">${words.more}</a></p>` : ''}
<p class="desk-no-print"><a class="ds-link" href="/grants/${id}">${words.back}</a></p>`;
    return page.show({ title: words.lists[name], content });
  });

  app.get('/grants/:id/sample', async (c) => {
    const id = c.req.param('id');
    const [page, report] = await Promise.all([openPage(c), loadReport(c.var.api, id)]);
    const size = Number(c.req.query('size') ?? 25);
    const seed = c.req.query('seed') ?? '';
    const words = grantWords[page.locale];
    const outcome = await drawSample(c.var.api, id, Number.isInteger(size) ? size : 0, seed);
    const title = words.sampleTitle(size, seed);
    const found =
      'refused' in outcome
        ? resultBox('warning', words.refused, html`<p>${refusalWords[page.locale][outcome.refused]}</p>`)
        : persons(page, 'counted', title, outcome.done.rows);
    const content = html`<h1 class="ds-heading" data-size="lg">${title}</h1>
<p>${report.organization_name}. ${words.snapshot} ${report.snapshot_id}</p>
${found}
<p class="desk-no-print"><a class="ds-link" href="/grants/${id}">${words.back}</a></p>`;
    return page.show({ title, content, status: 'refused' in outcome ? 422 : 200 });
  });
}

/** @throws {NotFoundError} */
function listNamed(name: string): ListName {
  const known = names.find((each) => each === name);
  if (known === undefined) throw new NotFoundError();
  return known;
}

/** What stands in a line besides name, address, county, birth year and payment. */
function further(page: Page, name: ListName, row: GrantPerson): string[] {
  const words = grantWords[page.locale];
  if (name === 'not_counted') return [words.reasons[row.reason ?? ''] ?? ''];
  if (name === 'duplicates') return [String(row.probable_group ?? '')];
  return name === 'places' ? [words.reasons[row.place_problem ?? ''] ?? ''] : [];
}

function headsOf({ locale }: Page, name: ListName): string[] {
  const words = grantWords[locale];
  return [...words.heads, ...(name === 'counted' ? [] : [name === 'duplicates' ? words.group : words.reason])];
}

function persons(page: Page, name: ListName, caption: string, rows: GrantPerson[]): Html {
  const words = grantWords[page.locale];
  const ordered =
    name === 'duplicates' ? rows.toSorted((a, b) => (a.probable_group ?? 0) - (b.probable_group ?? 0)) : rows;
  const lines = ordered.map(
    (row): TableRow => [
      String(row.nth),
      row.erased ? words.erased : (row.name ?? ''),
      row.address ?? '',
      row.county_name ?? '',
      String(row.birth_year ?? ''),
      row.paid_on === null ? '' : page.format.date(row.paid_on),
      row.amount === null ? '' : (row.amount / 100).toFixed(2),
      ...further(page, name, row),
    ],
  );
  return dataTable(caption, headsOf(page, name), lines);
}

/** As spreadsheets here expect it, with the columns that the auditor looks at and no more. */
function asCsv(page: Page, name: ListName, rows: GrantPerson[]): string {
  const words = grantWords[page.locale];
  const lines = rows.map((row) => [
    row.nth,
    row.erased ? words.erased : (row.name ?? ''),
    row.address ?? '',
    row.county_name ?? '',
    row.birth_year ?? '',
    row.paid_on ?? '',
    row.amount === null ? '' : (row.amount / 100).toFixed(2).replace('.', ','),
    ...further(page, name, row),
  ]);
  return stringify([headsOf(page, name), ...lines], { delimiter: ';', bom: true, escape_formulas: true });
}
