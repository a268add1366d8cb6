import { html } from 'hono/html';
import type { SettledCase } from '../../api/cases.ts';
import { type Colleague, nameOfUser } from '../../api/colleagues.ts';
import { caseWords } from '../../words/cases.ts';
import { decidedWords } from '../../words/decisions.ts';
import { formOwner } from '../form-parts.ts';
import type { Html } from '../layout.ts';
import type { Page } from '../page.ts';
import { caseTitle } from './names.ts';
import { noteField } from './open-case.ts';

interface SettledCaseOptions {
  colleagues: Colleague[];
  note: string | undefined;
  box: Html;
}

/** A settled case: what was decided, and the way back. */
export function settledCase(
  page: Page,
  found: SettledCase,
  options: SettledCaseOptions,
): { title: string; content: Html } {
  const { locale, format } = page;
  const words = caseWords[locale];
  const title = words.settledTitle(caseTitle(locale, found));
  const what = found.decision === null ? '' : decidedWords[locale][found.decision];
  const when = found.settled_at === null ? '' : format.time(found.settled_at);
  const content = html`${options.box}
<h1 class="ds-heading" data-size="md">${title}</h1>
<p>${words.settledBy(what, nameOfUser(options.colleagues, found.decided_by), when)}</p>
${found.note === null ? '' : html`<p class="desk-typed">${words.noteOf(found.note)}</p>`}
<p class="desk-actions"><a class="ds-button" href="/cases/next">${words.next}</a> <a class="ds-link" href="/cases">${words.toList}</a></p>
${undoForm(page, found, options.note)}`;
  return { title, content };
}

function undoForm(page: Page, found: SettledCase, note: string | undefined): Html {
  const words = caseWords[page.locale];
  if (found.undo_until === null) return html`<p>${words.noUndo}</p>`;
  return html`<form class="desk-form" method="post" action="/cases/${found.id}/undo">
${formOwner(page)}
<h2 class="ds-heading" data-size="sm">${words.undo}</h2>
<p>${words.undoHint(page.format.date(found.undo_until))}</p>
${noteField(page, note, { label: words.undoNote, hint: words.commentHint })}
<button class="ds-button" data-variant="secondary" type="submit">${words.undo}</button>
</form>`;
}
