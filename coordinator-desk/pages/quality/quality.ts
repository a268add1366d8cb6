import { stringify } from 'csv-stringify/sync';
import type { Hono } from 'hono';
import { html } from 'hono/html';
import { NotFoundError } from '../../api/errors.ts';
import { type Figures, loadFigures } from '../../api/figures.ts';
import type { DeskEnv } from '../../http/desk-context.ts';
import { qualityWords } from '../../words/quality.ts';
import { picture } from '../chart-picture.ts';
import { facts } from '../facts.ts';
import type { Html } from '../layout.ts';
import { openPage, type Page } from '../page.ts';
import { dataTable } from '../table.ts';
import { type Chart, chartsOf } from './chart.ts';

/** `/quality`: an organisation's figures, each picture with its table; `/quality/{organization}/{chart}.csv`: the same as a file. */
export function addQuality(app: Hono<DeskEnv>): void {
  app.get('/quality', async (c) => {
    const page = await openPage(c);
    const { organizations } = page.me;
    // One organisation at a time: charts of several on one page would have their names twice.
    const asked = organizations.find(({ slug }) => slug === c.req.query('organization')) ?? organizations[0];
    if (asked === undefined) throw new NotFoundError();
    const figures = await loadFigures(c.var.api, asked.slug);
    const words = qualityWords[page.locale];
    const others = organizations.filter(({ slug }) => slug !== asked.slug);
    const content = html`<h1 class="ds-heading" data-size="lg">${words.title}: ${asked.name}</h1>
<p>${words.explain}</p>
${others.length === 0 ? '' : html`<ul>${others.map(({ slug, name }) => html`<li><a class="ds-link" href="/quality?organization=${slug}">${name}</a></li>`)}</ul>`}
${now(page, figures)}
${chartsOf(page, figures).map((chart) => section(page, chart, asked.slug))}`;
    return page.show({ title: words.title, content });
  });

  app.get('/quality/:organization/:file{[a-z]+\\.csv}', async (c) => {
    const page = await openPage(c);
    const organization = c.req.param('organization');
    if (!page.me.organizations.some(({ slug }) => slug === organization)) throw new NotFoundError();
    const [name = ''] = c.req.param('file').split('.');
    const charts = chartsOf(page, await loadFigures(c.var.api, organization));
    const chart = charts.find((each) => each.name === name);
    if (chart === undefined) throw new NotFoundError();
    c.header('content-type', 'text/csv; charset=utf-8');
    c.header('content-disposition', `attachment; filename="${organization}-${name}.csv"`);
    return c.body(asCsv(chart));
  });
}

function now({ locale, format }: Page, { now: figures }: Figures): Html {
  const words = qualityWords[locale];
  if (figures === undefined) return html`<p>${words.noFigures}</p>`;
  const told = (value: number | null) => (value === null ? words.notCounted : format.number(value));
  const { counted_at, oldest_open_case } = figures;
  return html`<h2 class="ds-heading" data-size="sm">${words.now}</h2>
${facts([
  [words.members, told(figures.members)],
  [words.withNumber, told(figures.with_number)],
  [words.confirmed, told(figures.confirmed_last_12_months)],
  [words.unlinked, told(figures.unlinked_logins)],
  [words.openCases, told(figures.open_cases)],
  ...(oldest_open_case === null ? [] : [[words.oldest, format.date(oldest_open_case)] satisfies [string, string]]),
  [words.pending, told(figures.pending_pushes)],
  [words.failed, told(figures.failed_pushes)],
])}
<p>${counted_at === null ? words.noFigures : words.counted(format.time(counted_at))}</p>`;
}

function section(page: Page, chart: Chart, organization: string): Html {
  const { locale, format } = page;
  const words = qualityWords[locale];
  const rows = chart.rows.map(({ label }, nth) => {
    const cells = chart.series.map(({ values }) => {
      const value = values[nth] ?? null;
      return value === null ? words.notCounted : format.number(value);
    });
    return [label, ...cells] satisfies [string, ...string[]];
  });
  const heads = [chart.rowHead, ...chart.series.map(({ label }) => label)];
  const isEmpty = chart.rows.length === 0;
  return html`
<h2 class="ds-heading" data-size="sm" id="${chart.name}">${chart.title}</h2>
${
  isEmpty
    ? html`<p>${words.noFigures}</p>`
    : html`${picture(page, chart)}
${dataTable(words.tableOf(chart.title), heads, rows)}
<p><a class="ds-link" href="/quality/${organization}/${chart.name}.csv">${words.csv(chart.title)}</a></p>`
}
`;
}

/** As spreadsheets here expect it: with semicolons, and plain digits that a program reads. A figure nobody counted is empty. */
function asCsv({ rowHead, series, rows }: Chart): string {
  const heads = [rowHead, ...series.map(({ label }) => label)];
  const lines = rows.map(({ label }, nth) => [label, ...series.map(({ values }) => values[nth] ?? '')]);
  return stringify([heads, ...lines], { delimiter: ';', bom: true, escape_formulas: true });
}
