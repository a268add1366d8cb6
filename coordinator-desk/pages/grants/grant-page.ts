import type { Hono } from 'hono';
import { html } from 'hono/html';
import type { GrantFigure, GrantReport } from '../../../db/api-types.gen.ts';
import { hideSmallFigures, isSmall } from '../../../runtime/small-counts.ts';
import { countArea, findSnapshot, loadReport, loadYearBefore, proposeFreeze, type Snapshot } from '../../api/grants.ts';
import type { DeskContext, DeskEnv } from '../../http/desk-context.ts';
import { readForm } from '../../http/form.ts';
import { grantWords } from '../../words/grants.ts';
import { kindWords } from '../../words/kinds.ts';
import { refusalWords } from '../../words/refusals.ts';
import { picture } from '../chart-picture.ts';
import { facts } from '../facts.ts';
import { formOwner, resultBox } from '../form-parts.ts';
import type { Html } from '../layout.ts';
import { openPage, type Page } from '../page.ts';
import { dataTable, type TableRow } from '../table.ts';

const dimensions = ['county', 'municipality', 'birth_year', 'chapter', 'place_problem', 'reason'] as const;

/**
 * `/grants/{id}`: what was counted, beside the year before; a form that proposes to freeze it, and what the auditor gets.
 * `/grants/{id}/certificate`: the figures that others may see.
 */
export function addGrantPage(app: Hono<DeskEnv>): void {
  app.get('/grants/:id', (c) => show(c, c.req.param('id'), undefined));

  app.post('/grants/:id', async (c) => {
    const id = c.req.param('id');
    const form = await readForm(c);
    const page = await openPage(c, `/grants/${id}`);
    const version = Number(form.text('version') ?? Number.NaN);
    const outcome = await proposeFreeze(c.var.api, id, form.text('note') ?? null, version);
    if ('refused' in outcome) return show(c, id, refusalWords[page.locale][outcome.refused]);
    c.var.drafts.drop(c, `/grants/${id}`);
    return c.redirect(`/cases/${outcome.done.conflict_id}?just=proposed`, 303);
  });

  app.get('/grants/:id/certificate', async (c) => {
    const id = c.req.param('id');
    const [page, report] = await Promise.all([openPage(c), loadReport(c.var.api, id)]);
    const words = grantWords[page.locale];
    const content = html`<h1 class="ds-heading" data-size="lg">${words.certificate}: ${report.organization_name}</h1>
<p>${words.years(report.base_year, report.application_year, report.grant_year)}</p>
${summary(page, report, true)}
${(['county', 'municipality'] as const).map((dimension) => figures(page, report, undefined, dimension, true))}
<p>${words.signature}: ______________________________</p>
<p class="desk-no-print"><a class="ds-link" href="/grants/${id}">${words.back}</a></p>`;
    return page.show({ title: words.certificate, content });
  });
}

async function show(c: DeskContext, id: string, refusal: string | undefined): Promise<Response> {
  const [page, row] = await Promise.all([openPage(c, `/grants/${id}`), findSnapshot(c.var.api, id)]);
  if (row.state === 'asked' || row.state === 'failed') return showUncounted(page, row);
  const report = await loadReport(c.var.api, id);
  const before = await loadYearBefore(c.var.api, report);
  const words = grantWords[page.locale];
  const title = words.one(report.rule.title, report.base_year);
  const content = html`${refusal === undefined ? '' : resultBox('warning', words.refused, html`<p>${refusal}</p>`)}
<h1 class="ds-heading" data-size="lg">${title}</h1>
<p>${report.organization_name}. ${words.years(report.base_year, report.application_year, report.grant_year)}</p>
<h2 class="ds-heading" data-size="sm">${words.facts}</h2>
${summary(page, report, false)}
<h2 class="ds-heading" data-size="sm">${words.added}</h2>
<p>${words.addedWords(reasonCount(page, report, 'merged'), reasonCount(page, report, 'same_number'), page.format.number(report.verified))}</p>
${countiesPicture(page, report)}
${freezing(page, row)}
${forAuditor(page, report)}
<p>${words.small}</p>
${dimensions.map((dimension) => figures(page, report, before, dimension, false))}
${await area(c, page, report)}
<p><a class="ds-link" href="/grants">${words.backToAll}</a></p>`;
  return page.show({ title, content, status: refusal === undefined ? 200 : 422 });
}

/** While a worker counts, and where that failed: no figures. */
function showUncounted(page: Page, row: Snapshot): Response | Promise<Response> {
  const words = grantWords[page.locale];
  const title = words.one(row.rule_title ?? row.rule_code, row.base_year);
  const content = html`<h1 class="ds-heading" data-size="lg">${title}</h1>
${row.failed_at === null ? counting(page, row) : failed(page, row, row.failed_at)}
<p><a class="ds-link" href="/grants">${words.backToAll}</a></p>`;
  return page.show({ title, content });
}

function counting({ locale, format }: Page, row: Snapshot): Html {
  const words = grantWords[locale];
  return html`<p>${row.started_at === null ? words.queued(format.time(row.made_at)) : words.started(format.time(row.started_at))}</p>
<p><a class="ds-link" href="/grants/${row.snapshot_id}">${words.look}</a></p>`;
}

/** Asks for the same count as before. */
function failed(page: Page, row: Snapshot, at: string): Html {
  const words = grantWords[page.locale];
  const asked = {
    organization: row.organization,
    base_year: row.base_year,
    rule: row.rule_code,
    corrects: row.corrects ?? '',
  };
  return html`<p>${words.failed(page.format.time(at), row.failure ?? '')}</p>
<form class="desk-form" method="post" action="/grants">
${formOwner(page)}
${Object.entries(asked).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
<button class="ds-button" type="submit">${words.again}</button>
</form>`;
}

function reasonCount({ format }: Page, { figures: all }: GrantReport, reason: string): string {
  return format.number(all?.find(({ dimension, key }) => dimension === 'reason' && key === reason)?.counted ?? 0);
}

/** @param forOthers without what is for the organisation only, and without numbers that may point at somebody */
function summary({ locale, format }: Page, report: GrantReport, forOthers: boolean): Html {
  const words = grantWords[locale];
  const { rule, open_cases, meets } = report;
  const wants = [
    rule.required_members === null ? [] : [words.nMembers(rule.required_members)],
    rule.required_municipalities === null ? [] : [words.nMunicipalities(rule.required_municipalities)],
    rule.required_counties === null ? [] : [words.nCounties(rule.required_counties)],
  ].flat();
  const cases = Object.entries(open_cases).map(([kind, n]) => {
    return `${kindWords[locale][kind as keyof (typeof kindWords)['nb']] ?? kind} ${format.number(n)}`;
  });
  const rest = report.counted - report.verified;
  const hidesSplit = isSmall(report.verified) || isSmall(rest);
  return facts([
    [words.counted, format.number(report.counted)],
    [words.verified, forOthers && hidesSplit ? words.hidden : format.number(report.verified)],
    [words.rest, forOthers && hidesSplit ? words.hidden : format.number(rest)],
    ...(forOthers
      ? []
      : [[words.notCounted, format.number(report.records - report.counted)] satisfies [string, string]]),
    [words.counties, format.number(report.counties)],
    [words.municipalities, format.number(report.municipalities)],
    [words.asked, wants.length === 0 ? words.nothing : words.askedFor(wants, rule.one_suffices)],
    ...(meets === null ? [] : [[words.meets, meets ? words.yes : words.no] satisfies [string, string]]),
    ...(forOthers
      ? []
      : ([
          [words.alike, format.number(report.probable_duplicates)],
          [words.openCases, cases.length === 0 ? format.number(0) : cases.join(', ')],
        ] satisfies [string, string][])),
    [words.countedOn, format.date(report.counted_on)],
    [words.made, format.time(report.made_at)],
    [words.imported, report.imported_at === null ? words.noImport : format.time(report.imported_at)],
    [words.state, words.states[report.state]],
    [words.snapshot, report.snapshot_id],
    ...(report.corrects === null
      ? []
      : [
          [
            words.corrects,
            html`<a class="ds-link" href="/grants/${report.corrects}">${report.corrects}</a>`,
          ] satisfies [string, Html],
        ]),
    [words.document, rule.document],
    [words.digest, html`<code class="desk-digest">${report.digest}</code>`],
  ]);
}

/** Bars of the counties: who counts, and who of them by a verified number. The table of counties has the same figures. */
function countiesPicture(page: Page, { figures: all }: GrantReport): Html {
  const words = grantWords[page.locale];
  const counties = (all ?? []).filter(({ dimension, key }) => dimension === 'county' && key !== '');
  if (counties.length === 0) return html``;
  const told = counties.map(({ name, counted, verified }) =>
    words.inCounty(name ?? '', page.format.number(counted), page.format.number(verified)),
  );
  return picture(page, {
    name: 'counties',
    title: words.chart,
    rows: counties.map(({ key, name }) => ({ label: `${key} ${name ?? ''}`, short: key })),
    series: [
      { label: words.members, values: counties.map(({ counted }) => counted) },
      { label: words.verified, values: counties.map(({ verified }) => verified) },
    ],
    description: told.join(' '),
  });
}

function freezing(page: Page, row: Snapshot): Html {
  const words = grantWords[page.locale];
  const toCase =
    row.conflict_id === null
      ? ''
      : html`<p><a class="ds-link" href="/cases/${row.conflict_id}">${words.toCase}</a></p>`;
  if (row.state === 'frozen')
    return html`<p>${words.frozenAt(page.format.time(row.frozen_at ?? row.made_at))}</p>${toCase}`;
  if (row.conflict_id !== null) return html`<p>${words.waits}</p>${toCase}`;
  return html`<h2 class="ds-heading" data-size="sm">${words.freeze}</h2>
<form class="desk-form" method="post" action="/grants/${row.snapshot_id}">
${formOwner(page)}
<input type="hidden" name="version" value="${row.version}">
<p>${words.freezeHint}</p>
<div class="desk-field">
<label class="ds-label" for="note">${words.note}</label>
<textarea class="ds-input" id="note" name="note" rows="2" maxlength="4000"></textarea>
</div>
<button class="ds-button" type="submit">${words.freezeButton}</button>
</form>`;
}

function forAuditor({ locale }: Page, { snapshot_id: id }: GrantReport): Html {
  const words = grantWords[locale];
  const link = (path: string, text: string) =>
    html`<li><a class="ds-link" href="/grants/${id}/${path}">${text}</a></li>`;
  return html`<h2 class="ds-heading" data-size="sm">${words.forAuditor}</h2>
<ul>
${link('certificate', words.certificate)}
${link('lists/counted', words.listPage)}
${link('lists/counted.csv', words.listCsv)}
${link('lists/not_counted', words.lists.not_counted)}
${link('lists/not_counted.csv', words.csvOf.not_counted)}
${link('lists/duplicates', words.lists.duplicates)}
${link('lists/places', words.lists.places)}
</ul>
<h2 class="ds-heading" data-size="sm">${words.sample}</h2>
<form class="desk-form" method="get" action="/grants/${id}/sample">
<p>${words.sampleHint}</p>
<div class="desk-field"><label class="ds-label" for="size">${words.size}</label>
<input class="ds-input" id="size" name="size" inputmode="numeric" maxlength="4" size="6" value="25"></div>
<div class="desk-field"><label class="ds-label" for="seed">${words.seed}</label>
<input class="ds-input" id="seed" name="seed" maxlength="100"></div>
<button class="ds-button" data-variant="secondary" type="submit">${words.sampleButton}</button>
</form>`;
}

/** @param forOthers without counts that may point at somebody */
function figures(
  { locale, format }: Page,
  { figures: all }: GrantReport,
  before: GrantReport | undefined,
  dimension: (typeof dimensions)[number],
  forOthers: boolean,
): Html {
  const words = grantWords[locale];
  const rows = (all ?? []).filter((each) => each.dimension === dimension);
  if (rows.length === 0) return html``;
  const isPlace = dimension === 'county' || dimension === 'municipality';
  const labelOf = ({ key, name }: GrantFigure) =>
    key === '' ? words.unknown : isPlace ? `${key} ${name ?? ''}` : (words.reasons[key] ?? key);
  const last = (key: string) =>
    before?.figures?.find((each) => each.dimension === dimension && each.key === key)?.counted;
  const shown = forOthers ? hideSmallFigures(all ?? [], dimension) : rows.map((row) => ({ ...row, hidden: false }));
  const lines = shown.map((row): TableRow => {
    if (forOthers) return [labelOf(row), row.hidden ? words.hidden : format.number(row.counted)];
    const numbers = [format.number(row.counted), format.number(row.verified)];
    return [labelOf(row), ...numbers, ...(before === undefined ? [] : [format.number(last(row.key) ?? 0)])];
  });
  const heads = [isPlace ? words.place : words.key[dimension], words.members, ...(forOthers ? [] : [words.verified])];
  return html`<h2 class="ds-heading" data-size="sm">${words.tables[dimension]}</h2>
${dataTable(words.tables[dimension], before === undefined ? heads : [...heads, words.yearBefore], lines)}`;
}

/** Counties and municipalities that somebody asks for, with the numbers of a year. */
async function area(c: DeskContext, page: Page, report: GrantReport): Promise<Html> {
  const words = grantWords[page.locale];
  const codes = c.req.query('codes') ?? '';
  const year = c.req.query('area_year') ?? String(report.base_year);
  const list = codes.split(/[\s,;]+/).filter((code) => code !== '');
  let answer: Html = html``;
  if (list.length > 0) {
    const isCounty = list.every((code) => code.length === 2);
    const counted = await countArea(c.var.api, report.snapshot_id, {
      area_year: /^\d{4}$/.test(year) ? Number(year) : 0,
      counties: isCounty ? list : null,
      municipalities: isCounty ? null : list,
    });
    answer =
      'refused' in counted
        ? resultBox('warning', words.refused, html`<p>${refusalWords[page.locale][counted.refused]}</p>`)
        : resultBox(
            'success',
            words.area,
            html`<p>${words.areaResult(
              page.format.number(counted.done.counted),
              page.format.number(counted.done.municipalities),
              page.format.number(counted.done.without_municipality),
            )}</p>`,
          );
  }
  return html`<h2 class="ds-heading" data-size="sm">${words.area}</h2>
${answer}
<form class="desk-form" method="get" action="/grants/${report.snapshot_id}">
<p id="codes-hint">${words.areaHint}</p>
<div class="desk-field"><label class="ds-label" for="codes">${words.codes}</label>
<input class="ds-input" id="codes" name="codes" maxlength="2000" value="${codes}" aria-describedby="codes-hint"></div>
<div class="desk-field"><label class="ds-label" for="area_year">${words.areaYear}</label>
<input class="ds-input" id="area_year" name="area_year" inputmode="numeric" maxlength="4" size="6" value="${year}"></div>
<button class="ds-button" data-variant="secondary" type="submit">${words.areaButton}</button>
</form>`;
}
