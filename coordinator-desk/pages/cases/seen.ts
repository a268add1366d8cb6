import { html } from 'hono/html';
import type { OpenCase } from '../../api/cases.ts';
import type { Form } from '../../http/form.ts';
import { caseWords } from '../../words/cases.ts';
import { comparisonWords } from '../../words/comparison.ts';
import type { Html } from '../layout.ts';
import type { Page } from '../page.ts';

// What the coordinator saw goes along with the form, so that a stale one can be told what has changed. It decides nothing.

const shown = {
  member_given_name: 'given_name',
  member_family_name: 'family_name',
  member_birth_date: 'birth_date',
  recorded_personnummer: 'personnummer',
  observed_personnummer: 'personnummer',
  member_phone: 'phone',
  member_email: 'email',
} as const;
type Shown = keyof typeof shown;
const names = Object.keys(shown) as Shown[];

export function seenFields(_: Page, found: OpenCase): Html {
  return html`${names.map((name) => html`<input type="hidden" name="_seen_${name}" value="${found[name] ?? ''}">`)}`;
}

/** What has changed since, as sentences. */
export function changesSince({ locale }: Page, form: Form, found: OpenCase): string[] {
  const words = comparisonWords[locale];
  const { changed, changedOtherwise } = caseWords[locale];
  const sentences = names.flatMap((name) => {
    const before = form.text(`_seen_${name}`) ?? '';
    const now = found[name] ?? '';
    const field = words.fields[shown[name]];
    const told = name === 'observed_personnummer' ? `${field} (${words.loginHead})` : field;
    return before === now ? [] : [changed(told, before || words.empty, now || words.empty)];
  });
  return sentences.length > 0 ? sentences : [changedOtherwise];
}
