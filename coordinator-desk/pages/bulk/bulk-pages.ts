import { html, raw } from 'hono/html';
import type { OpenCase } from '../../api/cases.ts';
import { caseListWords } from '../../words/case-list.ts';
import { caseWords } from '../../words/cases.ts';
import { commonWords } from '../../words/common.ts';
import { comparisonWords } from '../../words/comparison.ts';
import { decidedWords } from '../../words/decisions.ts';
import { kindWords } from '../../words/kinds.ts';
import { listWords } from '../../words/lists.ts';
import { refusalWords } from '../../words/refusals.ts';
import { type Choice, choicesOf } from '../cases/choices.ts';
import { caseTitle } from '../cases/names.ts';
import { noteField } from '../cases/open-case.ts';
import { errorSummary, formOwner, resultBox } from '../form-parts.ts';
import type { Html } from '../layout.ts';
import type { Page } from '../page.ts';

/** What was chosen, and what is to be done with it. */
export interface Chosen {
  cases: { id: string; version: number }[];
  decision: string | undefined;
  note: string | undefined;
}

/** What became of one case. */
export type Answer = { id: string; state: 'resolved' | 'proposed' } | { id: string; refused: string };

interface Alike {
  sample: OpenCase;
  cases: OpenCase[];
  more: boolean;
}

/** Answers that can be given to many at once: a merge is about two certain people, so it is none. What names somebody is said without. */
function choicesForMany({ locale }: Page, sample: OpenCase): Choice[] {
  const choicesAbout = (found: OpenCase) =>
    choicesOf(locale, { state: 'open', found, candidates: [], other: undefined, comments: [], approval: undefined });
  const names: Record<string, string> = decidedWords[locale];
  const ofNobody = choicesAbout({
    ...sample,
    member_given_name: null,
    member_family_name: null,
    member_external_id: null,
  });
  return choicesAbout(sample)
    .map((choice, nth) =>
      choice.label === ofNobody[nth]?.label ? choice : { ...choice, label: names[choice.value] ?? choice.label },
    )
    .filter(({ value }) => value !== 'merge_into' && value !== 'retry_sync');
}

export function bulkChoice(
  page: Page,
  id: string,
  { sample, cases, more }: Alike,
  typed: { cases: string[]; decision: string | undefined; note: string | undefined },
  faults: { href: string; text: string }[],
): { title: string; content: Html } {
  const { locale, format } = page;
  const words = listWords[locale].bulk;
  const boxes = cases.map(
    (each, nth) => html`<div class="desk-choice">
<input class="ds-input" type="checkbox" name="case" id="case-${nth}" value="${each.id}:${each.version}"${typed.cases.includes(each.id) ? raw(' checked') : ''}>
<label class="ds-label" for="case-${nth}">${caseTitle(locale, each)}</label>
<p>${caseWords[locale].opened(format.date(each.opened_at))} ${numbers(page, each)}</p>
</div>`,
  );
  const choices = choicesForMany(page, sample).map(
    ({ value, label, effect }, nth) => html`<div class="desk-choice">
<input class="ds-input" type="radio" name="decision" id="decision-${nth}" value="${value}" aria-describedby="decision-${nth}-effect"${value === typed.decision ? raw(' checked') : ''}>
<label class="ds-label" for="decision-${nth}">${label}</label>
<p id="decision-${nth}-effect">${effect}</p>
</div>`,
  );
  const content = html`${faults.length === 0 ? '' : errorSummary(page, faults)}
<p class="desk-kind">${kindWords[locale][sample.kind]}</p>
<h1 class="ds-heading" data-size="md">${words.title}</h1>
<p>${words.intro(format.number(cases.length))}${more ? html` ${words.first200}` : ''}</p>
<p class="desk-actions"><a class="ds-link" href="/cases/${id}/like?all=yes">${words.all}</a> <a class="ds-link" href="/cases/${id}/like">${words.noneChosen}</a></p>
<form class="desk-form" method="post" action="/cases/${id}/like">
${formOwner(page)}
<fieldset class="ds-fieldset"><legend class="ds-label">${words.choose}</legend>${boxes}</fieldset>
<fieldset class="ds-fieldset"><legend class="ds-label">${caseWords[locale].decide.legend}</legend>${choices}</fieldset>
${noteField(page, typed.note)}
<button class="ds-button" type="submit">${words.button}</button>
</form>`;
  return { title: faults.length === 0 ? words.title : `${commonWords[locale].errorInTitle}${words.title}`, content };
}

/** Both numbers of a case, as far as they may be shown. */
function numbers({ locale }: Page, { kind, recorded_personnummer, observed_personnummer }: OpenCase): Html {
  const words = comparisonWords[locale];
  if (recorded_personnummer === null && observed_personnummer === null) return '';
  return html`${words.record}: ${recorded_personnummer ?? words.empty}. ${words.loginHead}: ${observed_personnummer ?? words.empty}.${
    // Masked they look the same, and are not.
    kind === 'mismatch' && recorded_personnummer === observed_personnummer ? html` (${words.hiddenDigits})` : ''
  }`;
}

export function bulkCheck(page: Page, id: string, cases: OpenCase[], chosen: Chosen): { title: string; content: Html } {
  const { locale, format } = page;
  const words = listWords[locale].bulk;
  const count = format.number(chosen.cases.length);
  const title = words.checkTitle(count);
  const sample = cases[0];
  const choice =
    sample === undefined ? undefined : choicesForMany(page, sample).find(({ value }) => value === chosen.decision);
  const named = chosen.cases
    .map((each) => cases.find((known) => known.id === each.id))
    .filter((each) => each !== undefined);
  const content = html`<h1 class="ds-heading" data-size="md" tabindex="-1" autofocus>${title}</h1>
<p><strong>${choice?.label ?? ''}</strong></p>
<p>${choice?.effect ?? ''}${choice?.needsApproval ? html` ${caseWords[locale].decide.approval}` : ''}</p>
<ul>${named.map((each) => html`<li>${caseTitle(locale, each)}</li>`)}</ul>
<form class="desk-form" method="post" action="/cases/${id}/like/settle">
${formOwner(page)}
${chosen.cases.map((each) => html`<input type="hidden" name="case" value="${each.id}:${each.version}">`)}
<input type="hidden" name="decision" value="${chosen.decision ?? ''}">
<input type="hidden" name="note" value="${chosen.note ?? ''}">
<p>${caseWords[locale].decide.undoable}</p>
<p class="desk-actions"><button class="ds-button" type="submit">${words.checkButton(count)}</button>
<button class="ds-button" data-variant="tertiary" type="submit" formaction="/cases/${id}/like" name="back" value="yes">${words.cancel}</button></p>
</form>`;
  return { title, content };
}

/** Its list of steps is written while they are done, where `mark` stands. */
export function bulkProgress(page: Page, count: number, mark: string): Html {
  const words = listWords[page.locale].bulk;
  return html`<h1 class="ds-heading" data-size="md">${words.title}</h1>
<p>${words.running}</p>
<ol aria-label="${words.progress('0', page.format.number(count))}">
${raw(mark)}`;
}

export function bulkResult(page: Page, of: number, answers: Answer[]): Html {
  const { locale, format } = page;
  const words = listWords[locale].bulk;
  const refusals: Record<string, string> = refusalWords[locale];
  const refused = answers.flatMap((answer) => ('refused' in answer ? [answer] : []));
  const proposed = answers.filter((answer) => 'state' in answer && answer.state === 'proposed').length;
  const told = refused.map(
    ({ id, refused: code }, nth) =>
      html`<li><a class="ds-link" href="/cases/${id}">${caseListWords[locale].case} ${nth + 1}</a>: ${refusals[code] ?? code}</li>`,
  );
  const settled = answers.length - refused.length - proposed;
  const heading = words.done(format.number(settled), format.number(of));
  const content = html`${proposed === 0 ? '' : html`<p>${words.proposed(format.number(proposed))}</p>`}
${answers.length < of ? html`<p>${words.interrupted}</p>` : ''}
${refused.length === 0 ? '' : html`<p>${words.refused}</p><ul>${told}</ul>`}
<p class="desk-actions"><a class="ds-button" href="/cases/next">${caseWords[locale].next}</a> <a class="ds-link" href="/settled">${listWords[locale].settled.title}</a></p>`;
  return html`</ol>${resultBox(settled === of ? 'success' : 'warning', heading, content)}`;
}
