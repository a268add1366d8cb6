import type { Hono } from 'hono';
import { html } from 'hono/html';
import { type Login, listLogins } from '../../api/logins.ts';
import { readPlace } from '../../api/row-place.ts';
import type { DeskEnv } from '../../http/desk-context.ts';
import { loginWords } from '../../words/logins.ts';
import { outcomeWords } from '../../words/states.ts';
import { fullName, providerName } from '../cases/names.ts';
import type { Html } from '../layout.ts';
import { openPage, type Page } from '../page.ts';
import { paging } from '../paging.ts';
import { dataTable, type TableRow } from '../table.ts';

const pageSize = 50;

/** `/logins`: people who logged in and were not recognised. */
export function addLoginList(app: Hono<DeskEnv>): void {
  app.get('/logins', async (c) => {
    const after = readPlace(c.req.query('after'));
    const [page, { logins, more }] = await Promise.all([openPage(c), listLogins(c.var.api, after, pageSize)]);
    const words = loginWords[page.locale];
    const last = logins.at(-1);
    const next = more && last !== undefined ? { time: last.received_at, id: last.observation_id } : undefined;
    const content = html`<h1 class="ds-heading" data-size="lg">${words.title}</h1>
<p>${words.explain}</p>
<p>${logins.length === 0 ? words.none : words.shown(page.format.number(logins.length))}</p>
${logins.length === 0 ? '' : list(page, logins)}
${paging(page, '/logins', next, after === undefined)}`;
    return page.show({ title: words.title, content });
  });
}

function list({ locale, format }: Page, logins: Login[]): Html {
  const words = loginWords[locale];
  const rows = logins.map(
    (login): TableRow => [
      html`<a class="ds-link" href="/logins/${login.observation_id}">${nameOfLogin(locale, login)}</a>`,
      format.time(login.received_at),
      providerName(login.provider),
      outcomeWords[locale][login.outcome],
      login.birth_date === null ? words.missing : format.date(login.birth_date),
    ],
  );
  const heads = [words.name, words.when, words.provider, words.outcome, words.born];
  return dataTable(words.title, heads, rows);
}

export function nameOfLogin(locale: Page['locale'], { given_name, family_name }: Login): string {
  return fullName(given_name, family_name) ?? loginWords[locale].unnamed;
}
