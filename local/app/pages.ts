import { decodeJwt } from 'jose';
import { escapeHtml, htmlPage } from '../html-page.ts';
import { type MemberProviderName, memberProviderNames } from '../identity-provider/person.ts';
import type { SampleCase } from '../sample-data/case.ts';
import { type SampleOrganization, sampleOrganizations } from '../sample-data/organizations.ts';
import { allSampleCases } from '../sample-data/persons.ts';
import type { LoginResult } from './login.ts';

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

const TITLES: Record<MemberProviderName, string> = { vipps: 'Vipps', bankid: 'BankID', idporten: 'ID-porten' };

/** Everybody who can log in, by organisation and provider. */
export function frontPage(withdrawalUrl: string, deskUrl: string): string {
  const links = sampleOrganizations.map(({ slug, name }) => `<li><a href="#${slug}">${escapeHtml(name)}</a></li>`);
  const body = `<p>Choose who logs in. All persons are invented, all numbers synthetic. The last column is what the first
login of each comes to.</p>
<nav aria-label="Organisations"><ul>${links.join('')}
<li><a href="${escapeHtml(withdrawalUrl)}">Withdraw consent at Vipps</a></li>
<li><a href="${escapeHtml(deskUrl)}">The coordinators' desk</a></li>
<li><a href="/follow">Follow a login</a></li>
<li><a href="/clock">The stack's clock</a></li></ul></nav>
${sampleOrganizations.map(organizationSection).join('\n')}`;
  return htmlPage({ title: 'Sample app', body });
}

function organizationSection({ slug, name }: SampleOrganization): string {
  const parts = memberProviderNames.map((provider) => {
    const here = ({ person }: SampleCase) => person.organization === slug && person.provider === provider;
    const rows = allSampleCases.filter(here).map(personRow);
    return `<h3>${escapeHtml(name)} with ${TITLES[provider]}</h3>\n<ul class="persons">${rows.join('\n')}</ul>`;
  });
  return `<section aria-labelledby="${slug}"><h2 id="${slug}">${escapeHtml(name)}</h2>\n${parts.join('\n')}</section>`;
}

function personRow({ person, expected }: SampleCase): string {
  const { id, organization, provider, givenName, familyName, story } = person;
  const link = `/start?${new URLSearchParams({ organization, person: id, provider })}`;
  return `<li><a href="${escapeHtml(link)}">${escapeHtml(`${givenName} ${familyName}`)}</a>
<span class="story">${escapeHtml(story)}</span> <code>${expected}</code></li>`;
}

/** How a login ended, in plain words. */
export function resultPage(result: LoginResult): string {
  if (result.status === 'refused') {
    const explanation = EXPLANATIONS[result.error] ?? 'The login did not work.';
    const body = `<p>${explanation}</p><p>Code for the app: <code>${escapeHtml(result.error)}</code></p>
<p><a href="/follow">What happened because of it: the newest logins</a></p>${BACK}`;
    return htmlPage({ title: 'Not logged in', body, narrow: true });
  }
  const claims = decodeJwt<{ session_id: string }>(result.accessToken);
  const body = `<p>You are logged in. Whatever became of the personnummer, you would not notice.</p>
<p><a href="/me">What is stored about me</a></p>
<p><a href="/follow/session/${escapeHtml(claims.session_id)}">What happened because of this login</a></p>
<h2 id="token">The access token says</h2>
<pre tabindex="0" role="region" aria-labelledby="token">${escapeHtml(JSON.stringify(claims, null, 2))}</pre>${BACK}`;
  return htmlPage({ title: 'Logged in', body, narrow: true });
}

const BACK = '<p><a href="/">All sample persons</a></p>';
