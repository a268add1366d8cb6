import { escapeHtml } from '../html.ts';
import { htmlPage } from '../html-page.ts';
import type { Person } from './person.ts';

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
