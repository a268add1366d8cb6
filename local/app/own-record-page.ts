import type { WithdrawnConsent } from '../../db/api-types.gen.ts';
import { escapeHtml, htmlPage } from '../html-page.ts';
import type { OwnRecord } from './own-record.ts';

const DELIVERY: Record<string, string> = {
  none: 'Nothing has been sent to the member system.',
  waiting: 'A change waits to be sent to the member system.',
  sent: 'The number was sent to the member system.',
  not_sent: 'The number was not sent to the member system.',
  removed: 'The number was removed from the member system.',
};

const NUMBER: Record<WithdrawnConsent['number'], string> = {
  removed: 'Your personnummer is removed here, and the member system is told.',
  kept: 'Your personnummer is kept: it has another legal basis than your consent. Nothing more is sent.',
  none: 'No personnummer was stored.',
};

/** What is stored about the member who is logged in, and a button to withdraw consent. */
export function ownRecordPage({ record, consents, history }: OwnRecord): string {
  if (record === undefined) return loggedOutPage();
  const facts: [string, unknown][] = [
    ['Organisation', record.organization_name],
    ['Member number', record.member_external_id],
    ['Name', [record.given_name, record.family_name].filter(Boolean).join(' ')],
    ['Birth date', record.birth_date],
    ['E-mail', record.email],
    ['Phone', record.phone],
    ['Personnummer', record.personnummer_masked ?? 'none'],
    ['From', record.personnummer_source],
    ['Since', when(record.personnummer_at)],
    ['Legal basis', record.legal_basis],
    ['Stored with your consent', record.consent_is_basis ? 'yes' : 'no'],
    ['Sent to the member system', when(record.sent_at)],
    ['You can log in with', record.logins?.join(', ')],
  ];
  const rows = facts
    .filter(([, value]) => value !== null && value !== undefined && value !== '')
    .map(([name, value]) => `<tr><th scope="row">${name}</th><td>${escapeHtml(String(value))}</td></tr>`);
  const answers = consents.map(
    ({ provider, state, answered_at, withdrawn_at }) =>
      `<li>${provider}: ${withdrawn_at === null ? state : 'given'}, ${when(answered_at)}${withdrawn_at === null ? '' : `; withdrawn, ${when(withdrawn_at)}`}</li>`,
  );
  const events = history.map(
    ({ occurred_at, message }) => `<li><time>${when(occurred_at)}</time> ${escapeHtml(message ?? '')}</li>`,
  );
  const body = `<table><caption>Your record</caption><tbody>${rows.join('')}</tbody></table>
<p>${DELIVERY[record.delivery ?? 'none']}</p>
<h2>What you have agreed to</h2>${answers.length === 0 ? '<p>You were not asked.</p>' : `<ul>${answers.join('')}</ul>`}
<p>When you withdraw, your logins bring no personnummer any more, whether you were asked or not.</p>
<form method="post" action="/me/withdraw"><button>Withdraw my consent</button></form>
<h2>What has happened</h2><ul>${events.join('\n')}</ul>${BACK}`;
  return htmlPage({ title: 'What is stored about me', body, narrow: true });
}

export function loggedOutPage(): string {
  const body = `<p>You are logged out, or your login has ended.</p>${BACK}`;
  return htmlPage({ title: 'Not logged in', body, narrow: true });
}

/** What became of the withdrawal. */
export function withdrawnPage(result: WithdrawnConsent | string): string {
  const text = typeof result === 'string' ? REFUSED[result] : NUMBER[result.number];
  const body = `<p role="status">${text ?? 'It did not work. Try again.'}</p><p><a href="/me">What is stored about me</a></p>`;
  return htmlPage({
    title: typeof result === 'string' ? 'Nothing was withdrawn' : 'Consent withdrawn',
    body,
    narrow: true,
  });
}

const REFUSED: Record<string, string> = {
  nothing_to_withdraw: 'There is no consent of yours that could be withdrawn.',
  not_found: 'You are logged out, or your login has ended.',
};

const when = (time: string | null) => (time === null ? null : time.slice(0, 16).replace('T', ' '));

const BACK = '<p><a href="/">All sample persons</a></p>';
