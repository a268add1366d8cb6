import type { IncomingMessage, ServerResponse } from 'node:http';
import { escapeHtml, HTML_HEADERS, htmlPage } from '../html-page.ts';
import { readForm } from '../read-form.ts';
import type { Directory } from './directory.ts';
import type { Person } from './person.ts';
import { subjectAt } from './person.ts';

/** Stands for the page of the Vipps app where one takes back what one shares. */
export const WITHDRAWAL_PATH = '/withdraw-consent';

/**
 * GET shows everybody with a button, POST (field `person`) withdraws that person's consent: the organisation's webhook is
 * told, and what it answered is shown.
 */
export async function answerWithdrawal(
  directory: Directory,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'POST') return void response.writeHead(200, HTML_HEADERS).end(listPage(directory));
  const wanted = (await readForm(request)).get('person');
  const person = directory.persons.find(({ id }) => id === wanted);
  const client = directory.clients.find(({ organization }) => organization === person?.organization);
  if (person === undefined || client?.webhookUrl === undefined) {
    return void response.writeHead(422, { 'content-type': 'text/plain' }).end('No such person or webhook here.\n');
  }
  const notice = revocationNotice(subjectAt(client.clientId, person.id));
  const answer = await tell(client.webhookUrl, notice);
  response.writeHead(200, HTML_HEADERS).end(resultPage(person, client.organizationName, answer));
}

/** @returns the status of the answer, or why there is none */
async function tell(webhookUrl: string, notice: string): Promise<string> {
  const headers = { 'content-type': 'text/plain' };
  const signal = AbortSignal.timeout(10_000);
  try {
    const { status } = await fetch(webhookUrl, { method: 'POST', body: notice, headers, signal, redirect: 'manual' });
    return String(status);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function listPage({ persons, clients }: Directory): string {
  const nameOf = (slug: string) => clients.find(({ organization }) => organization === slug)?.organizationName ?? slug;
  const row = ({ id, givenName, familyName, organization, story }: Person) => `<li>
<strong>${escapeHtml(`${givenName} ${familyName}`)}</strong>
<span class="story">${escapeHtml(nameOf(organization))}: ${escapeHtml(story)}</span>
<button class="quiet" name="person" value="${escapeHtml(id)}">Withdraw<span class="unseen"> ${escapeHtml(givenName)}</span></button></li>`;
  const body = `<p>In the Vipps app a person can take back what an organisation may have. The organisation is then told by
its webhook, with a message that nobody has signed.</p>
<form method="post"><ul class="persons">${persons.map(row).join('\n')}</ul></form>`;
  return htmlPage({ title: 'Vipps: withdraw consent', body });
}

function resultPage({ givenName, familyName }: Person, organization: string, answer: string): string {
  const body = `<p>${escapeHtml(`${givenName} ${familyName}`)} no longer shares anything with
${escapeHtml(organization)}. Its webhook answered <code>${escapeHtml(answer)}</code>.</p>
<p><a href="${WITHDRAWAL_PATH}">Everybody</a></p>`;
  return htmlPage({ title: 'Vipps: consent withdrawn', body, narrow: true });
}

/** Seconds for which Vipps' documented example is good. */
const LIFETIME = 300;

/**
 * The token of Vipps' CONSENT_REVOKED webhook, as documented: two segments and no dot after them, a line feed after the
 * header's JSON, and no signature.
 *
 * @param subject whose consent, as the organisation knows the person
 * @param issuedAt seconds since 1970
 */
export function revocationNotice(subject: string, issuedAt = Math.floor(Date.now() / 1000)): string {
  const payload = { exp: issuedAt + LIFETIME, iat: issuedAt, nbf: issuedAt, sub: subject, event: 'CONSENT_REVOKED' };
  const encode = (text: string) => Buffer.from(text).toString('base64url');
  return `${encode('{"alg":"none"}\n')}.${encode(JSON.stringify(payload))}`;
}
