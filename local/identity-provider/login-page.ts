import { escapeHtml } from '../html.ts';
import { htmlPage } from '../html-page.ts';
import type { Person } from './person.ts';

/** The page on which one chooses who logs in: a plain form, no script. @param options.chosen id of the person who is chosen already */
export function loginPage(options: {
  action: string;
  /** The provider's name. */
  title: string;
  organization: string;
  persons: readonly Person[];
  chosen?: string;
}): string {
  const chosen = options.persons.find(({ id }) => id === options.chosen) ?? options.persons[0];
  const choices = options.persons.map((person) => choice(person, person === chosen)).join('\n');
  const title = escapeHtml(options.title);
  const body = `<p>This page behaves like ${title} and runs on this machine only. All persons are invented.</p>
<form method="post" action="${escapeHtml(options.action)}">
<fieldset>
<legend>Who logs in to ${escapeHtml(options.organization)}?</legend>
${choices}
</fieldset>
<p class="actions"><button name="decision" value="accept">Log in</button>
<button class="quiet" name="decision" value="decline">Cancel</button></p>
</form>`;
  return htmlPage({ title: `${options.title}: log in`, body, narrow: true });
}

function choice(person: Person, chosen: boolean): string {
  const name = escapeHtml(`${person.givenName} ${person.familyName}`);
  return `<label><input type="radio" name="person" value="${escapeHtml(person.id)}"${chosen ? ' checked' : ''}> ${name}
<small>${escapeHtml(person.story)}</small></label>`;
}
