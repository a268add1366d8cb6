import { html, raw } from 'hono/html';
import type { FoundCase, OpenCase } from '../../api/cases.ts';
import type { Colleague } from '../../api/colleagues.ts';
import { caseWords } from '../../words/cases.ts';
import { commonWords } from '../../words/common.ts';
import { decidedWords } from '../../words/decisions.ts';
import { kindWords } from '../../words/kinds.ts';
import { errorSummary, formOwner } from '../form-parts.ts';
import type { Html } from '../layout.ts';
import type { Page } from '../page.ts';
import { type Choice, choicesOf } from './choices.ts';
import { comparisons } from './comparison.ts';
import { caseTitle, questionOf } from './names.ts';
import { seenFields } from './seen.ts';

type Open = Extract<FoundCase, { state: 'open' }>;

/** What stands in the form before anything is typed, or again. */
export interface Typed {
  decision?: string | undefined;
  note?: string | undefined;
  text?: string | undefined;
}

interface OpenCaseOptions {
  colleagues: Colleague[];
  typed: Typed;
  /** The answer to what was done before. */
  box: Html;
  /** No answer was chosen. */
  undecided?: boolean;
}

/** A case that waits: its question, what there is to compare, the answers and what each does, and what else can be done. */
export function openCase(page: Page, open: Open, options: OpenCaseOptions): { title: string; content: Html } {
  const { locale } = page;
  const { found, candidates, other } = open;
  const words = caseWords[locale];
  const title = caseTitle(locale, found);
  const content = html`${options.undecided ? errorSummary(page, [{ href: '#decision-0', text: words.decide.missing }]) : options.box}
<p class="desk-kind">${kindWords[locale][found.kind]}</p>
<h1 class="ds-heading" data-size="md">${questionOf(locale, open)}</h1>
${facts(page, found)}
${comparisons(page, found, candidates, other)}
${form(page, open, options)}
<p><a class="ds-link" href="/cases/${found.id}/like">${words.like}</a></p>
<p><a class="ds-link" href="/cases">${words.toList}</a></p>`;
  return { title: options.undecided ? `${commonWords[locale].errorInTitle}${title}` : title, content };
}

function facts(page: Page, found: OpenCase): Html {
  const { format, locale, me } = page;
  const words = caseWords[locale];
  const { detail, assigned_to, assigned_name, assigned_until, postponed_until } = found;
  const hints = (Object.keys(words.hints) as (keyof typeof words.hints)[])
    .filter((name) => detail[name] === true)
    // Where both are made for tests, as everywhere but in production, that tells nothing.
    .filter((name) => !name.endsWith('_synthetic') || detail.recorded_synthetic !== detail.observed_synthetic)
    .map((name) => words.hints[name]);
  const until = assigned_until === null ? '' : format.date(assigned_until);
  const lines = [
    ...hints,
    ...((found.waiting_changes ?? 0) > 0 ? [words.waitingChanges(found.waiting_changes ?? 0)] : []),
    ...(detail.error_code === undefined ? [] : [words.failure(detail.error_code)]),
    ...keyOf(page, found),
    found.seen > 1
      ? words.seen(format.number(found.seen), format.date(found.last_seen_at))
      : words.opened(format.date(found.opened_at)),
    ...(assigned_to === null
      ? []
      : [assigned_to === me.userId ? words.takenByMe(until) : words.takenBy(assigned_name ?? '', until)]),
    ...(postponed_until === null ? [] : [words.postponedUntil(format.date(postponed_until))]),
  ];
  return html`<ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>`;
}

/** What is compared before a key is approved, and which key it takes the place of. */
function keyOf({ locale }: Page, { kind, detail }: OpenCase): string[] {
  if (kind !== 'receiver_key' || detail.fingerprint === undefined) return [];
  const words = caseWords[locale];
  return [words.fingerprint(detail.fingerprint), detail.replaces ? words.replaces(detail.replaces) : words.firstKey];
}

/**
 * One form for everything that can be done, each button with an address of its own: whichever is pressed, all that was typed is sent along, and
 * stands there again afterwards.
 */
function form(page: Page, open: Open, options: OpenCaseOptions): Html {
  const { found } = open;
  return html`<form class="desk-form" method="post" action="/cases/${found.id}/decide">
${formOwner(page)}
<input type="hidden" name="version" value="${found.version}">
${found.state === 'proposed' ? proposal(page, open, options) : decision(page, open, options)}
${others(page, open, options)}
</form>`;
}

/** A button that does something else than decide. */
function button(
  { found }: Pick<Open, 'found'>,
  action: string,
  text: string,
  { variant = 'secondary', to }: { variant?: 'primary' | 'secondary'; to?: 'me' | 'nobody' | 'colleague' } = {},
): Html {
  return html`<button class="ds-button" data-variant="${variant}" type="submit" formaction="/cases/${found.id}/${action}"${
    to === undefined ? '' : html` name="to" value="${to}"`
  }>${text}</button>`;
}

/** What a colleague proposed, and the ways to answer it; whoever proposed it can only withdraw it. */
function proposal(page: Page, open: Open, { typed }: OpenCaseOptions): Html {
  const { locale, format } = page;
  const { found, approval } = open;
  const words = caseWords[locale];
  const names: Record<string, string> = decidedWords[locale];
  const what = names[found.proposed_decision ?? ''] ?? '';
  const when = found.proposed_at === null ? '' : format.date(found.proposed_at);
  const answers = approval?.mine
    ? button(open, 'withdraw', words.approval.withdraw)
    : html`${
        approval?.evidence_changed
          ? html`<p>${words.approval.changed}</p>`
          : html`<p>${button(open, 'approve', words.approval.approve, { variant: 'primary' })}</p>`
      }
${noteField(page, typed.note, { label: words.approval.why, hint: words.commentHint })}${button(open, 'decline', words.approval.decline)}`;
  return html`<h2 class="ds-heading" data-size="sm">${words.approval.title}</h2>
<p>${words.proposed(found.proposed_by_name ?? '', when, what)}</p>
${found.proposal_note === null ? '' : html`<p class="desk-typed">${words.noteOf(found.proposal_note)}</p>`}
${approval?.mine ? html`<p>${words.approval.mine}</p>` : ''}
${answers}`;
}

function decision(page: Page, open: Open, { typed, undecided }: OpenCaseOptions): Html {
  const { found } = open;
  const words = caseWords[page.locale].decide;
  const choices = choicesOf(page.locale, open).map((choice, nth) => radio(choice, nth, typed.decision, words.approval));
  const fault = undecided
    ? html`<p class="ds-validation-message" data-color="danger" id="decision-error">${words.missing}</p>`
    : '';
  return html`${seenFields(page, found)}
<fieldset class="ds-fieldset"${undecided ? raw(' aria-describedby="decision-error"') : ''}>
<legend class="ds-label">${words.legend}</legend>
${fault}
${choices}
</fieldset>
${noteField(page, typed.note)}
<p>${words.undoable}</p>
<button class="ds-button" type="submit">${words.button}</button>`;
}

function radio(
  { value, label, effect, needsApproval }: Choice,
  nth: number,
  chosen: string | undefined,
  approval: string,
): Html {
  const id = `decision-${nth}`;
  return html`<div class="desk-choice">
<input class="ds-input" type="radio" name="decision" id="${id}" value="${value}" aria-describedby="${id}-effect"${value === chosen ? raw(' checked') : ''}>
<label class="ds-label" for="${id}">${label}</label>
<p id="${id}-effect">${effect}${needsApproval ? html` ${approval}` : ''}</p>
</div>`;
}

/** The note of a decision, or another text under a name of its own. */
export function noteField(
  { locale }: Page,
  note: string | undefined,
  { label = caseWords[locale].decide.note, hint = caseWords[locale].decide.noteHint, name = 'note' } = {},
): Html {
  return html`<div class="desk-field">
<label class="ds-label" for="${name}">${label}</label>
<p id="${name}-hint">${hint}</p>
<textarea class="ds-input" id="${name}" name="${name}" rows="3" maxlength="4000" aria-describedby="${name}-hint">${note ?? ''}</textarea>
</div>`;
}

/** Taking, passing on, putting off and commenting. */
function others(page: Page, open: Open, { colleagues, typed }: OpenCaseOptions): Html {
  const { locale, me, format } = page;
  const { found, comments } = open;
  const words = caseWords[locale];
  const mine = found.assigned_to === me.userId;
  const others = colleagues.filter(({ me: self, organization }) => !self && organization === found.organization);
  const options = others.map(({ user_id, name }) => html`<option value="${user_id}">${name}</option>`);
  const times = Object.entries(words.after).map(([value, text]) => html`<option value="${value}">${text}</option>`);
  const told = comments.map(
    ({ name, written_at, text }) =>
      html`<li><p>${name}, ${format.time(written_at)}</p><p class="desk-typed">${text}</p></li>`,
  );
  return html`${comments.length === 0 ? '' : html`<h2 class="ds-heading" data-size="sm">${words.comments}</h2><ul>${told}</ul>`}
<h2 class="ds-heading" data-size="sm">${words.more}</h2>
<div class="desk-field">${mine ? button(open, 'assign', words.giveBack, { to: 'nobody' }) : button(open, 'assign', words.take, { to: 'me' })}</div>
${
  options.length === 0
    ? ''
    : html`<div class="desk-field"><label class="ds-label" for="give-to">${words.giveTo}</label>
<div class="desk-actions"><select class="ds-input" id="give-to" name="user">${options}</select>${button(open, 'assign', words.give, { to: 'colleague' })}</div></div>`
}
${
  found.postponed_until === null
    ? html`<div class="desk-field"><label class="ds-label" for="until">${words.postpone}</label>
<div class="desk-actions"><select class="ds-input" id="until" name="until">${times}</select>${button(open, 'postpone', words.postponeButton)}</div></div>`
    : html`<div class="desk-field">${button(open, 'postpone', words.resume)}</div>`
}
${noteField(page, typed.text, { label: words.comment, hint: words.commentHint, name: 'text' })}${button(open, 'comment', words.commentButton)}`;
}
