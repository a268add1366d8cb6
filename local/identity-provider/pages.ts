import { escapeHtml, htmlPage } from '../html-page.ts';
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

/** What a scope shares, in words. */
const SHARED: Record<string, string> = {
  nnin: 'national identity number',
  email: 'e-mail address',
  phone: 'phone number',
  address: 'address',
};

/** The page on which somebody who is logged in already says yes or no to sharing: nothing else is asked. */
export function consentPage(options: {
  action: string;
  /** The provider's name. */
  title: string;
  organization: string;
  person: Person;
  scopes: readonly string[];
}): string {
  const items = options.scopes.map((scope) => `<li>${escapeHtml(SHARED[scope] ?? scope)}</li>`);
  const { givenName, familyName, refusesConsent } = options.person;
  const body = `<p>${escapeHtml(`${givenName} ${familyName}`)}, may ${escapeHtml(options.organization)} have your</p>
<ul>${items.join('')}</ul>
<p>You are logged in whatever you answer.${refusesConsent === true ? ' (This person always says no.)' : ''}</p>
<form method="post" action="${escapeHtml(options.action)}">
<p class="actions"><button name="answer" value="yes">Yes, share</button>
<button class="quiet" name="answer" value="no">No</button></p>
</form>`;
  return htmlPage({ title: `${options.title}: share your data?`, body, narrow: true });
}
