import type { Hono } from 'hono';
import { html } from 'hono/html';
import { loadMember, type MemberFile } from '../../api/members.ts';
import type { DeskEnv } from '../../http/desk-context.ts';
import { erasureWords } from '../../words/erasures.ts';
import { eventInWords } from '../../words/events.ts';
import { memberWords } from '../../words/members.ts';
import { changeWords, deliveryStateWords, outcomeWords, type Source, sourceWords } from '../../words/states.ts';
import { caseTitle, fullName, nameOf, providerName } from '../cases/names.ts';
import { facts } from '../facts.ts';
import type { Html } from '../layout.ts';
import { openPage, type Page } from '../page.ts';
import { dataTable, type TableRow } from '../table.ts';
import { exportPart } from './export-member.ts';

/** `/members/{id}`: the record, and what happened to it. */
export function addMemberPage(app: Hono<DeskEnv>): void {
  app.get('/members/:id', async (c) => {
    const asked = Number(c.req.query('before'));
    const before = Number.isSafeInteger(asked) && asked > 0 ? asked : undefined;
    const [page, file] = await Promise.all([openPage(c), loadMember(c.var.api, c.req.param('id'), before)]);
    const title = nameOf(page.locale, file.member);
    const words = memberWords[page.locale];
    const content = html`<h1 class="ds-heading" data-size="lg">${title}</h1>
${record(page, file)}
${erasing(page, file)}
<h2 class="ds-heading" data-size="sm">${words.cases}</h2>
${cases(page, file)}
<h2 class="ds-heading" data-size="sm">${words.logins}</h2>
${logins(page, file)}
<h2 class="ds-heading" data-size="sm">${words.deliveries}</h2>
${deliveries(page, file)}
<h2 class="ds-heading" data-size="sm" id="history">${words.history}</h2>
${history(page, file, before !== undefined)}
${file.member.erasure_id === null ? exportPart(page, file.member) : ''}`;
    return page.show({ title, content });
  });
}

function record({ locale, format, me }: Page, { member, survivor }: MemberFile): Html {
  const words = memberWords[locale];
  const { personnummer_source: source, personnummer_at: since } = member;
  const lines: [string, Html | string][] = [
    [words.number, member.external_id ?? words.missing],
    [words.name, fullName(member.given_name, member.family_name) ?? words.missing],
    [words.born, member.birth_date === null ? words.missing : format.date(member.birth_date)],
    [words.email, member.email ?? words.missing],
    [words.phone, member.phone ?? words.missing],
    [words.personnummer, member.personnummer_masked ?? words.missing],
    ...(source === null ? [] : [[words.source, sourceWords[locale][source]] satisfies [string, string]]),
    ...(since === null ? [] : [[words.since, format.time(since)] satisfies [string, string]]),
    ...(me.organizations.length > 1 ? [[words.organization, member.organization] satisfies [string, string]] : []),
    ...(survivor === undefined
      ? []
      : [
          [
            words.merged,
            html`<a class="ds-link" href="/members/${survivor.id}">${nameOf(locale, survivor)}</a>`,
          ] satisfies [string, Html],
        ]),
  ];
  return html`${survivor === undefined ? '' : html`<p>${words.mergedText}</p>`}
<h2 class="ds-heading" data-size="sm">${words.record}</h2>
${facts(lines)}`;
}

/** Erasing the person, where somebody has asked for it. */
function erasing({ locale }: Page, { member }: MemberFile): Html {
  const words = erasureWords[locale];
  if (member.erasure_id !== null)
    return html`<p>${words.isAnnounced} <a class="ds-link" href="/erasures/${member.erasure_id}">${words.list}</a></p>`;
  return html`<p class="desk-actions"><a class="ds-link" href="/members/${member.id}/erase">${words.erase}</a></p>`;
}

function cases({ locale, format }: Page, { open, settled }: MemberFile): Html {
  const words = memberWords[locale];
  const row = (found: (typeof open)[number] | (typeof settled)[number], state: string, at: string | null): TableRow => [
    html`<a class="ds-link" href="/cases/${found.id}">${caseTitle(locale, found)}</a>`,
    state,
    at === null ? '' : format.date(at),
  ];
  const rows = [
    ...open.map((found) => row(found, words.open, found.opened_at)),
    ...settled.map((found) => row(found, words.settled, found.settled_at)),
  ];
  if (rows.length === 0) return html`<p>${words.noCases}</p>`;
  return dataTable(words.cases, [words.case, words.state, words.when], rows);
}

function logins({ locale, format }: Page, { logins: each }: MemberFile): Html {
  const words = memberWords[locale];
  if (each.length === 0) return html`<p>${words.noLogins}</p>`;
  const rows = each.map(
    (login): TableRow => [
      format.time(login.received_at),
      providerName(login.provider),
      fullName(login.given_name, login.family_name) ?? words.missing,
      outcomeWords[locale][login.outcome],
      login.linked === true ? words.yes : words.no,
    ],
  );
  const heads = [words.when, words.provider, words.name, words.outcome, words.linked];
  return dataTable(words.logins, heads, rows);
}

function deliveries({ locale, format }: Page, { deliveries: each }: MemberFile): Html {
  const words = memberWords[locale];
  if (each.length === 0) return html`<p>${words.noDeliveries}</p>`;
  const rows = each.map(
    (delivery): TableRow => [
      format.time(delivery.created_at),
      changeWords[locale][delivery.change === 'remove' ? 'remove' : 'set'],
      deliveryStateWords[locale][delivery.state],
      delivery.settled_at === null ? '' : format.time(delivery.settled_at),
    ],
  );
  return dataTable(words.deliveries, [words.when, words.change, words.state, words.settledAt], rows);
}

function history({ locale, format }: Page, { member, events, more }: MemberFile, isOlder: boolean): Html {
  const words = memberWords[locale];
  if (events.length === 0) return html`<p>${words.noHistory}</p>`;
  const rows = events.map(
    ({ occurred_at, event, source, message }): TableRow => [
      format.time(occurred_at),
      eventInWords(locale, event, message),
      sourceWords[locale][source as Source],
    ],
  );
  const last = events.at(-1);
  return html`${dataTable(words.history, [words.when, words.event, words.by], rows)}
<p class="desk-actions">
${more && last !== undefined ? html`<a class="ds-link" href="/members/${member.id}?before=${last.event_id}#history">${words.older}</a>` : ''}
${isOlder ? html`<a class="ds-link" href="/members/${member.id}#history">${words.newest}</a>` : ''}
</p>`;
}
