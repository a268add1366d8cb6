import { escapeHtml, htmlPage } from '../html-page.ts';
import type { FollowedEvent, FollowedLogin } from './follow.ts';

/** Which part of the way an event belongs to, by how its name begins. The first that fits. */
const PARTS: readonly [RegExp, string][] = [
  [/^session_/, 'Session'],
  [/^(consent|revocation)_/, 'Consent'],
  [/^(push|breaker|file)_|^number_fetched$/, 'Delivery'],
  [/^(case|decision|number|members|link)_/, 'Case'],
  [/^(events_redacted|data_erased)$|_erased$/, 'Erasure'],
];

const ACTORS: Record<string, string> = {
  member: 'the member',
  auth_callback: 'the callback',
  sync_worker: 'the worker',
};

/** The newest logins, to choose one. */
export function loginsPage(logins: readonly FollowedLogin[]): string {
  const rows = logins.map(
    ({ observation_id, occurred_at, outcome, message, organization }) => `<li><a href="/follow/${observation_id}">
${shownTime(occurred_at)}</a> <span class="story">${escapeHtml(organization ?? '')}: ${escapeHtml(message)}</span>
<code>${escapeHtml(outcome)}</code></li>`,
  );
  const body = `<p>Each login, the newest first, with what it came to. Follow one to see what happened because of it.</p>
${rows.length === 0 ? '<p>Nobody has logged in yet.</p>' : `<ul class="persons">${rows.join('\n')}</ul>`}${BACK}`;
  return htmlPage({ title: 'Follow a login', body });
}

/** What happened because of one login, step by step, from the rows of the audit and nothing else. */
export function followPage(events: readonly FollowedEvent[], deskUrl: string): string {
  if (events.length === 0) return unknownPage();
  const sealed = events.filter(({ tree_size }) => tree_size !== null).length;
  const cases = [...new Set(events.flatMap(({ conflict_id }) => conflict_id ?? []))];
  const caseLinks = cases.map(
    (id) => `<p><a href="${escapeHtml(`${deskUrl}/cases/${id}`)}">The case at the coordinators' desk</a></p>`,
  );
  const body = `<p>These are rows of <code>audit.events</code>, as an auditor reads them. ${sealOfAll(sealed, events.length)}
A new row comes with each thing that happens; load the page again to see it.</p>
<ol>${events.map(eventRow).join('\n')}</ol>
${caseLinks.join('\n')}<p><a href="/follow">Another login</a></p>${BACK}`;
  return htmlPage({ title: 'What happened because of this login', body });
}

function unknownPage(): string {
  const body = `<p>The audit has no such login.</p><p><a href="/follow">The newest logins</a></p>${BACK}`;
  return htmlPage({ title: 'Nothing to follow', body, narrow: true });
}

function eventRow(event: FollowedEvent): string {
  const part = PARTS.find(([name]) => name.test(event.event))?.[1] ?? 'Login';
  const who = ACTORS[event.actor] ?? (event.actor.startsWith('coordinator:') ? 'a coordinator' : 'an operator');
  return `<li><p><strong>${part}.</strong> ${escapeHtml(event.message)}</p>
<p><small><time datetime="${event.occurred_at.toISOString()}">${shownTime(event.occurred_at)}</time>,
by ${who} (<code>${escapeHtml(event.source)}</code>): <code>${escapeHtml(event.event)}</code>. ${attemptOf(event)}${sealOf(event)}</small></p></li>`;
}

function attemptOf({ attempt, http_status, error_code }: FollowedEvent): string {
  if (attempt === null) return '';
  const answer = http_status === null ? '' : `, answered with ${escapeHtml(http_status)}`;
  const fault = error_code === null ? '' : `, <code>${escapeHtml(error_code)}</code>`;
  return `Attempt ${escapeHtml(attempt)}${answer}${fault}. `;
}

function sealOf({ leaf_index, tree_size, redacted_at }: FollowedEvent): string {
  const redacted = redacted_at === null ? '' : ' Sentence and details were taken out; the seal stays.';
  if (leaf_index === null) return `Not sealed yet.${redacted}`;
  const place = `Sealed as number ${Number(leaf_index) + 1} of all events`;
  if (tree_size === null) return `${place}, not signed yet.${redacted}`;
  return `${place}, signed with the first ${tree_size}.${redacted}`;
}

function sealOfAll(sealed: number, all: number): string {
  if (sealed === all) return `All ${all} are sealed.`;
  return `${sealed} of ${all} are sealed; the others follow within ten seconds.`;
}

const shownTime = (time: Date) => `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;

const BACK = '<p><a href="/">All sample persons</a></p>';
