import { decodeJwt } from 'jose';
import { escapeHtml } from '../html.ts';
import { sampleOrganizations } from '../sample-data/organizations.ts';
import { allSampleCases } from '../sample-data/persons.ts';
import type { LoginResult } from './redeem-code.ts';

/** What an app says to a person, by the error code it got. */
const EXPLANATIONS: Record<string, string> = {
  access_denied: 'You cancelled the login.',
  member_not_found: 'You are not a member yet. An app would now show how to become one.',
  account_ambiguous:
    'Several members fit. An app would now offer the old way of logging in. A coordinator looks into it.',
  account_mismatch: 'The member record does not seem to be yours. A coordinator looks into it.',
  temporarily_unavailable: 'Login does not work at the moment. Try again in a while.',
  login_failed: 'The login could not be verified. Try again.',
  unknown_state: 'This login is not one that was started here, or it has returned before.',
};

/** Everybody who can log in, by organisation. */
export function frontPage(): string {
  const sections = sampleOrganizations.map(({ slug, name }) => {
    const rows = allSampleCases
      .filter(({ person }) => person.organization === slug)
      .map(({ person, expected }) => {
        const link = `/start?${new URLSearchParams({ organization: slug, person: person.id })}`;
        const name = `${person.givenName} ${person.familyName}`;
        return `<tr><td><a href="${escapeHtml(link)}">${escapeHtml(name)}</a></td>
<td>${escapeHtml(person.story)}</td><td><code>${expected}</code></td></tr>`;
      });
    return `<h2>${escapeHtml(name)}</h2>
<table><thead><tr><th>Log in as</th><th>Who that is</th><th>First login</th></tr></thead>
<tbody>${rows.join('\n')}</tbody></table>`;
  });
  return page('Sample app', `<p>All persons are invented, all numbers synthetic.</p>${sections.join('\n')}`);
}

/** How a login ended, in plain words. */
export function resultPage(result: LoginResult): string {
  if (result.status === 'refused') {
    const explanation = EXPLANATIONS[result.error] ?? 'The login did not work.';
    return page(
      'Not logged in',
      `<p>${explanation}</p><p>Code for the app: <code>${escapeHtml(result.error)}</code></p>`,
    );
  }
  const claims = JSON.stringify(decodeJwt(result.accessToken), null, 2);
  return page(
    'Logged in',
    `<p>You are logged in. Whatever became of the personnummer, you would not notice.</p>
<p>The access token says:</p><pre>${escapeHtml(claims)}</pre>`,
  );
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; } th, td { text-align: left; padding: .2rem .8rem .2rem 0; vertical-align: top; }
pre { overflow: auto; background: #eee; padding: 1rem; }
</style>
</head>
<body><h1>${title}</h1>${body}<p><a href="/">All sample persons</a></p></body>
</html>
`;
}
