import type { Hono } from 'hono';
import { html } from 'hono/html';
import { eraseMember } from '../../api/erasures.ts';
import { findMember, type Member } from '../../api/members.ts';
import type { DeskContext, DeskEnv } from '../../http/desk-context.ts';
import { type Form, readForm } from '../../http/form.ts';
import { commonWords } from '../../words/common.ts';
import { erasureWords } from '../../words/erasures.ts';
import { refusalWords } from '../../words/refusals.ts';
import { nameOf } from '../cases/names.ts';
import { errorSummary, formOwner, resultBox } from '../form-parts.ts';
import type { Html } from '../layout.ts';
import { openPage, type Page } from '../page.ts';

type Refused = keyof (typeof refusalWords)['nb'];

/** What stands in the form again, and what is wrong with it. */
interface Again {
  reason?: string | undefined;
  faults?: { field: 'reason' | 'confirmed'; text: string }[];
  /** Why nothing was erased, where no field can be corrected. */
  refusal?: string;
}

/** `/members/{id}/erase`: what goes and what stays, why, and whether it is the right person. */
export function addErasePage(app: Hono<DeskEnv>): void {
  app.get('/members/:id/erase', (c) => show(c, c.req.param('id'), {}));

  app.post('/members/:id/erase', async (c) => {
    const id = c.req.param('id');
    const form = await readForm(c);
    const reason = form.text('reason') ?? '';
    const page = await openPage(c, pathOf(id));
    const words = erasureWords[page.locale];
    if (form.text('confirmed') !== 'yes')
      return show(c, id, { reason, faults: [{ field: 'confirmed', text: words.confirmMissing }] });
    const outcome = await eraseMember(c.var.api, id, reason, versionIn(form));
    if ('refused' in outcome) return show(c, id, { reason, ...whyNot(page, outcome.refused) });
    c.var.drafts.drop(c, pathOf(id));
    const { done } = outcome;
    const next =
      done.state === 'proposed' ? `/cases/${done.conflict_id}?just=proposed` : `/erasures/${done.erasure_id}`;
    return c.redirect(next, 303);
  });
}

const pathOf = (id: string) => `/members/${id}/erase`;
const versionIn = (form: Form) => Number(form.text('version') ?? Number.NaN);

/** What can be corrected stands at its field; the rest is said above. */
function whyNot({ locale }: Page, code: Refused): Again {
  const words = erasureWords[locale];
  if (code === 'text_missing') return { faults: [{ field: 'reason', text: words.reasonMissing }] };
  if (code === 'person_in_reason' || code === 'number_in_note' || code === 'note_too_long')
    return { faults: [{ field: 'reason', text: refusalWords[locale][code] }] };
  return { refusal: code === 'stale_version' ? words.stale : refusalWords[locale][code] };
}

async function show(c: DeskContext, id: string, again: Again): Promise<Response> {
  const [page, member] = await Promise.all([openPage(c, pathOf(id)), findMember(c.var.api, id)]);
  const { locale } = page;
  const words = erasureWords[locale];
  const { faults = [], refusal } = again;
  const draft = again.reason === undefined ? await c.var.drafts.find(c, pathOf(id), page.me.userId) : undefined;
  const reason = again.reason ?? draft?.fields.get('reason') ?? '';
  const title = words.title(nameOf(locale, member));
  const content = html`${
    faults.length > 0
      ? errorSummary(
          page,
          faults.map(({ field, text }) => ({ href: `#${field}`, text })),
        )
      : ''
  }
${refusal === undefined ? '' : resultBox('warning', words.refused, html`<p>${refusal}</p>`)}
<h1 class="ds-heading" data-size="lg">${title}</h1>
<p>${words.intro}</p>
<h2 class="ds-heading" data-size="sm">${words.goes}</h2>
<ul>${words.going.map((each) => html`<li>${each}</li>`)}</ul>
<h2 class="ds-heading" data-size="sm">${words.stays}</h2>
<ul>${words.staying.map((each) => html`<li>${each}</li>`)}</ul>
<p>${words.told}</p>
${needsApproval(page, member) ? html`<p>${words.approval}</p>` : ''}
${eraseForm(page, member, reason, faults)}
<p><a class="ds-link" href="/members/${member.id}">${words.backToMember}</a></p>`;
  const failed = faults.length > 0 || refusal !== undefined;
  return page.show({
    title: faults.length > 0 ? `${commonWords[locale].errorInTitle}${title}` : title,
    content,
    status: failed ? 422 : 200,
  });
}

function needsApproval({ me }: Page, { organization }: Member): boolean {
  return me.organizations.some(
    ({ slug, needApproval }) => slug === organization && needApproval.includes('erase_member'),
  );
}

function eraseForm(page: Page, member: Member, reason: string, faults: NonNullable<Again['faults']>): Html {
  const words = erasureWords[page.locale];
  const faultOf = (field: string) => faults.find((fault) => fault.field === field)?.text;
  const message = (field: string) => {
    const text = faultOf(field);
    return text === undefined
      ? ''
      : html`<p class="ds-validation-message" data-color="danger" id="${field}-error">${text}</p>`;
  };
  const invalid = (field: string) => (faultOf(field) === undefined ? '' : html` aria-invalid="true"`);
  return html`<form class="desk-form" method="post" action="/members/${member.id}/erase">
${formOwner(page)}
<input type="hidden" name="version" value="${member.version}">
<div class="desk-field">
<label class="ds-label" for="reason">${words.reason}</label>
<p id="reason-hint">${words.reasonHint}</p>
${message('reason')}
<textarea class="ds-input" id="reason" name="reason" rows="3" maxlength="4000" aria-describedby="reason-hint${faultOf('reason') === undefined ? '' : ' reason-error'}"${invalid('reason')}>${reason}</textarea>
</div>
<div class="desk-field">
${message('confirmed')}
<div class="ds-field">
<input class="ds-input" type="checkbox" id="confirmed" name="confirmed" value="yes"${faultOf('confirmed') === undefined ? '' : html` aria-describedby="confirmed-error"`}${invalid('confirmed')}>
<label class="ds-label" for="confirmed">${words.confirm}</label>
</div>
</div>
<button class="ds-button" data-color="danger" type="submit">${words.button}</button>
</form>`;
}
