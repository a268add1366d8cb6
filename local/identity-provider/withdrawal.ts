import type { IncomingMessage, ServerResponse } from 'node:http';
import { escapeHtml } from '../html.ts';
import { HTML_HEADERS, htmlPage } from '../html-page.ts';
import { readForm } from '../read-form.ts';
import type { Directory } from './directory.ts';
import type { Person } from './person.ts';
import { revocationNotice } from './revocation-notice.ts';
import { subjectAt } from './subject.ts';

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
