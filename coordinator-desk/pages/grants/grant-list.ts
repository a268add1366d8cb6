import type { Hono } from 'hono';
import { html } from 'hono/html';
import { loadGrants, makeSnapshot, type Snapshot } from '../../api/grants.ts';
import type { DeskContext, DeskEnv } from '../../http/desk-context.ts';
import { readForm } from '../../http/form.ts';
import { commonWords } from '../../words/common.ts';
import { grantWords } from '../../words/grants.ts';
import { refusalWords } from '../../words/refusals.ts';
import { errorSummary, formOwner, resultBox } from '../form-parts.ts';
import type { Html } from '../layout.ts';
import { openPage, type Page } from '../page.ts';
import { dataTable } from '../table.ts';

/** What stands in the form again, and what is wrong with it. */
interface Again {
  baseYear?: string;
  isYearWrong?: boolean;
  refusal?: string;
}

/** `/grants`: what was counted, and a form that counts. */
export function addGrantList(app: Hono<DeskEnv>): void {
  app.get('/grants', (c) => show(c, {}));

  app.post('/grants', async (c) => {
    const form = await readForm(c);
    const page = await openPage(c, '/grants');
    const baseYear = form.text('base_year') ?? '';
    if (!/^\d{4}$/.test(baseYear)) return show(c, { baseYear, isYearWrong: true });
    const outcome = await makeSnapshot(c.var.api, {
      organization: form.text('organization') ?? '',
      base_year: Number(baseYear),
      rule: form.text('rule') ?? '',
      corrects: form.text('corrects') ?? null,
    });
    if ('refused' in outcome) return show(c, { baseYear, refusal: refusalWords[page.locale][outcome.refused] });
    c.var.drafts.drop(c, '/grants');
    return c.redirect(`/grants/${outcome.done.snapshot_id}`, 303);
  });
}

async function show(c: DeskContext, again: Again): Promise<Response> {
  const [page, { snapshots, rules }] = await Promise.all([openPage(c, '/grants'), loadGrants(c.var.api)]);
  const { locale } = page;
  const words = grantWords[locale];
  const draft = await c.var.drafts.find(c, '/grants', page.me.userId);
  const baseYear = again.baseYear ?? draft?.fields.get('base_year') ?? '';
  const titles: [string, string][] = [
    ...new Map(rules.flatMap(({ code, title }) => (code === null || title === null ? [] : [[code, title] as const]))),
  ];
  const failed = again.isYearWrong === true || again.refusal !== undefined;
  const content = html`${again.isYearWrong ? errorSummary(page, [{ href: '#base_year', text: words.baseYearMissing }]) : ''}
${again.refusal === undefined ? '' : resultBox('warning', words.refused, html`<p>${again.refusal}</p>`)}
<h1 class="ds-heading" data-size="lg">${words.title}</h1>
<p>${words.intro}</p>
<h2 class="ds-heading" data-size="sm">${words.counts}</h2>
${snapshots.length === 0 ? html`<p>${words.none}</p>` : table(page, snapshots)}
<h2 class="ds-heading" data-size="sm">${words.count}</h2>
<form class="desk-form" method="post" action="/grants">
${formOwner(page)}
${select(
  'organization',
  words.organization,
  page.me.organizations.map(({ slug, name }) => [slug, name]),
)}
<div class="desk-field">
<label class="ds-label" for="base_year">${words.baseYear}</label>
<p id="base_year-hint">${words.baseYearHint}</p>
${again.isYearWrong ? html`<p class="ds-validation-message" data-color="danger" id="base_year-error">${words.baseYearMissing}</p>` : ''}
<input class="ds-input" id="base_year" name="base_year" inputmode="numeric" maxlength="4" size="6" value="${baseYear}" aria-describedby="base_year-hint${again.isYearWrong ? ' base_year-error' : ''}"${again.isYearWrong ? html` aria-invalid="true"` : ''}>
</div>
${select('rule', words.rule, titles)}
${select('corrects', words.corrects, [['', words.correctsNone], ...frozenOnes(page, snapshots)])}
<button class="ds-button" type="submit">${words.countButton}</button>
</form>`;
  return page.show({
    title: again.isYearWrong ? `${commonWords[locale].errorInTitle}${words.title}` : words.title,
    content,
    status: failed ? 422 : 200,
  });
}

function table({ locale, format }: Page, snapshots: Snapshot[]): Html {
  const words = grantWords[locale];
  return dataTable(
    words.counts,
    [words.counts, words.organization, words.state, words.made, words.members],
    snapshots.map((row) => [
      html`<a class="ds-link" href="/grants/${row.snapshot_id}">${words.one(row.rule_title ?? row.rule_code, row.base_year)}</a>`,
      row.organization,
      words.states[row.state],
      format.time(row.made_at),
      format.number(row.counted),
    ]),
  );
}

function frozenOnes({ locale, format }: Page, snapshots: Snapshot[]): [string, string][] {
  const words = grantWords[locale];
  return snapshots.flatMap((row) =>
    row.state === 'frozen' && row.frozen_at !== null
      ? [
          [
            row.snapshot_id,
            `${words.one(row.rule_title ?? row.rule_code, row.base_year)}: ${format.time(row.frozen_at)}`,
          ],
        ]
      : [],
  );
}

export function select(name: string, label: string, options: [value: string, text: string][]): Html {
  return html`<div class="desk-field">
<label class="ds-label" for="${name}">${label}</label>
<select class="ds-input" id="${name}" name="${name}">${options.map(([value, text]) => html`<option value="${value}">${text}</option>`)}</select>
</div>`;
}
