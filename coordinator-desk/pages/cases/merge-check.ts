import { html } from 'hono/html';
import type { FoundCase } from '../../api/cases.ts';
import type { Form } from '../../http/form.ts';
import { caseWords } from '../../words/cases.ts';
import { decisionWords } from '../../words/decisions.ts';
import { formOwner } from '../form-parts.ts';
import type { Html } from '../layout.ts';
import type { Page } from '../page.ts';
import { recordsBesideEachOther } from './comparison.ts';
import { namesOf } from './names.ts';
import { seenFields } from './seen.ts';

/** Asked once more before two members become one: both records beside each other, and what will happen. */
export function mergeCheck(
  page: Page,
  open: Extract<FoundCase, { state: 'open' }>,
  form: Form,
): { title: string; content: Html } {
  const { found, other } = open;
  const words = caseWords[page.locale].decide;
  const content = html`<h1 class="ds-heading" data-size="md" tabindex="-1" autofocus>${words.checkTitle}</h1>
<p>${decisionWords[page.locale].merge.effect(namesOf(page.locale, found))}</p>
${other === undefined ? '' : recordsBesideEachOther(page, found, other)}
<form class="desk-form" method="post" action="/cases/${found.id}/decide">
${formOwner(page)}
${seenFields(page, found)}
<input type="hidden" name="decision" value="merge_into">
<input type="hidden" name="confirmed" value="yes">
<input type="hidden" name="version" value="${form.text('version') ?? ''}">
<input type="hidden" name="note" value="${form.text('note') ?? ''}">
<input type="hidden" name="text" value="${form.text('text') ?? ''}">
<p>${words.undoable}</p>
<p class="desk-actions"><button class="ds-button" type="submit">${words.checkButton}</button>
<a class="ds-link" href="/cases/${found.id}">${words.cancel}</a></p>
</form>`;
  return { title: words.checkTitle, content };
}
