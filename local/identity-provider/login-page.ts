import { escapeHtml } from '../html.ts';
import type { Person } from './person.ts';

/** The page on which one chooses who logs in: a plain form, no script. @param options.chosen id of the person who is chosen already */
export function loginPage(options: {
  action: string;
  client: string;
  persons: readonly Person[];
  chosen?: string;
}): string {
  const chosen = options.persons.find(({ id }) => id === options.chosen) ?? options.persons[0];
  const choices = options.persons.map((person) => choice(person, person === chosen)).join('\n');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Local identity provider</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; }
label { display: block; padding: .3rem 0; } button { font: inherit; padding: .5rem 1rem; margin-right: .5rem; }
small { display: block; padding-left: 1.6rem; }
</style>
</head>
<body>
<h1>Who logs in to ${escapeHtml(options.client)}?</h1>
<p>This provider behaves like Vipps and runs on this machine only. All persons are invented.</p>
<form method="post" action="${escapeHtml(options.action)}">
<fieldset>
<legend>Person</legend>
${choices}
</fieldset>
<p><button name="decision" value="accept">Log in and share</button><button name="decision" value="decline">Cancel</button></p>
</form>
</body>
</html>
`;
}

function choice(person: Person, chosen: boolean): string {
  const name = escapeHtml(`${person.givenName} ${person.familyName}`);
  return `<label><input type="radio" name="person" value="${escapeHtml(person.id)}"${chosen ? ' checked' : ''}> ${name}
<small>${escapeHtml(person.story)}</small></label>`;
}
