import type { Hono } from 'hono';
import { html } from 'hono/html';
import type { Suggestion } from '../../../db/api-types.gen.ts';
import { call } from '../../api/connect.ts';
import { loadLink, loadLogin } from '../../api/logins.ts';
import type { DeskContext, DeskEnv } from '../../http/desk-context.ts';
import { type Form, readForm } from '../../http/form.ts';
import { caseWords } from '../../words/cases.ts';
import { commonWords } from '../../words/common.ts';
import { loginWords } from '../../words/logins.ts';
import { refusalWords } from '../../words/refusals.ts';
import { outcomeWords } from '../../words/states.ts';
import { loginBesideRecord } from '../cases/comparison.ts';
import { memberName, nameOf, providerName } from '../cases/names.ts';
import { noteField } from '../cases/open-case.ts';
import { facts } from '../facts.ts';
import { formOwner, resultBox } from '../form-parts.ts';
import type { Html } from '../layout.ts';
import { nameIn, type Search, searchFault, searchFor, searchForm, searchResult } from '../members/member-search.ts';
import { openPage, type Page } from '../page.ts';
import { nameOfLogin } from './login-list.ts';

type Found = Awaited<ReturnType<typeof loadLogin>>;
type Unlinked = Extract<Found, { linked: false }>;
type Linked = Extract<Found, { linked: true }>;
type Refused = keyof (typeof refusalWords)['nb'];

/** `/logins/{id}`: whose it might be; linking it, after a look at both; and taking that back. */
export function addLoginPage(app: Hono<DeskEnv>): void {
  app.get('/logins/:id', (c) => showLogin(c, c.req.param('id'), {}));

  app.get('/logins/:id/link', (c) => showCheck(c, c.req.param('id'), c.req.query('member') ?? ''));

  app.post('/logins/:id/link', async (c) => {
    const form = await readForm(c);
    const id = c.req.param('id');
    const member = form.text('member') ?? '';
    const path = checkPath(id, member);
    const note = form.text('note') ?? null;
    const outcome = await call(c.var.api.rpc('link_login', { observation_id: id, member_id: member, note }));
    if ('refused' in outcome) {
      // Somebody else was quicker: the login's own page says whose it is now.
      if (outcome.refused === 'already_linked' || outcome.refused === 'not_found')
        return showLogin(c, id, { refused: outcome.refused });
      return showCheck(c, id, member, { refused: outcome.refused, form });
    }
    c.var.drafts.drop(c, path);
    return c.redirect(
      outcome.done.linked ? `/logins/${id}?just=linked` : `/cases/${outcome.done.conflict_id}?just=proposed`,
      303,
    );
  });

  app.post('/logins/:id/undo', async (c) => {
    const form = await readForm(c);
    const id = c.req.param('id');
    const conflict = form.text('case') ?? '';
    const note = form.text('note') ?? null;
    const outcome = await call(c.var.api.rpc('undo_resolution', { conflict_id: conflict, note }));
    if ('refused' in outcome) return showLogin(c, id, { refused: outcome.refused, note: note ?? undefined });
    c.var.drafts.drop(c, `/logins/${id}`);
    return c.redirect(`/logins/${id}?just=undone`, 303);
  });
}

const checkPath = (id: string, member: string) => `/logins/${id}/link?${new URLSearchParams({ member })}`;

async function showLogin(
  c: DeskContext,
  id: string,
  { refused, note }: { refused?: Refused; note?: string | undefined },
): Promise<Response> {
  const query = c.req.method === 'GET' ? (c.req.query('q')?.trim() ?? '') : '';
  const [page, found, search] = await Promise.all([
    openPage(c, `/logins/${id}`),
    loadLogin(c.var.api, id),
    searchFor(c.var.api, query),
  ]);
  const words = loginWords[page.locale];
  const just = c.req.query('just');
  const box =
    refused !== undefined
      ? resultBox('danger', words.refused, html`<p>${refusalWords[page.locale][refused]}</p>`)
      : just === 'linked' && found.linked
        ? resultBox('success', words.linked, '')
        : just === 'undone' && !found.linked
          ? resultBox('success', words.undone, '')
          : searchFault(page, search);
  const view = found.linked ? linkedLogin(page, id, found, note) : unlinkedLogin(page, found, query, search);
  const title =
    refused !== undefined
      ? words.refused
      : search.fault !== undefined
        ? `${commonWords[page.locale].errorInTitle}${view.title}`
        : view.title;
  const status = refused !== undefined || search.fault !== undefined ? 422 : 200;
  return page.show({ title, content: html`${box}${view.content}`, status });
}

function unlinkedLogin(page: Page, { login, suggestions }: Unlinked, query: string, search: Search) {
  const { locale, format } = page;
  const words = loginWords[locale];
  const title = words.question(nameOfLogin(locale, login));
  const here = `/logins/${login.observation_id}`;
  const choice = (id: string, name: string) =>
    html`<a class="ds-link" href="${checkPath(login.observation_id, id)}">${words.choose(name)}</a>`;
  const content = html`<h1 class="ds-heading" data-size="md">${title}</h1>
<h2 class="ds-heading" data-size="sm">${words.login}</h2>
${facts([
  [words.name, nameOfLogin(locale, login)],
  [words.born, login.birth_date === null ? words.missing : format.date(login.birth_date)],
  [words.personnummer, login.personnummer_masked ?? words.missing],
  [words.when, format.time(login.received_at)],
  [words.provider, providerName(login.provider)],
  [words.outcome, outcomeWords[locale][login.outcome]],
])}
<h2 class="ds-heading" data-size="sm">${words.suggestions}</h2>
${
  suggestions.length === 0
    ? html`<p>${words.noSuggestions}</p>`
    : html`<ul>${suggestions.map((each) => suggestion(page, each, choice))}</ul>`
}
<h2 class="ds-heading" data-size="sm">${words.elsewhere}</h2>
${searchForm(page, here, query, search)}
${search.found === undefined ? '' : searchResult(page, search.found, (member) => (member.merged_into === null ? choice(member.id, nameIn(page, member)) : html`${nameIn(page, member)}`))}
<p><a class="ds-link" href="/logins">${words.toList}</a></p>`;
  return { title, content };
}

function suggestion({ locale, format }: Page, each: Suggestion, choice: (id: string, name: string) => Html): Html {
  const words = loginWords[locale];
  const names: Record<string, string> = words.fields;
  const told = (list: string[]) =>
    list.length === 0 ? words.nothing : list.map((one) => names[one] ?? one).join(', ');
  const name = memberName(locale, each.given_name, each.family_name, each.member_external_id);
  const born = each.birth_date === null ? words.missing : format.date(each.birth_date);
  return html`<li>${choice(each.member_id, name)}. ${words.born}: ${born}. ${words.agreed}: ${told(each.agreed)}. ${words.disagreed}: ${told(each.disagreed)}.${each.verified ? '' : html` ${words.unverified}`}</li>`;
}

function linkedLogin(page: Page, id: string, { settled, member }: Linked, note: string | undefined) {
  const { locale, format } = page;
  const words = loginWords[locale];
  const title = words.linkedTitle(nameOf(locale, member));
  const undoUntil = settled?.undo_until ?? null;
  const content = html`<h1 class="ds-heading" data-size="md">${title}</h1>
<p class="desk-actions"><a class="ds-button" href="/logins">${words.toList}</a>
<a class="ds-link" href="/members/${member.id}">${words.toMember}</a></p>
${
  settled === undefined || undoUntil === null
    ? html`<p>${words.noUndo}</p>`
    : html`<form class="desk-form" method="post" action="/logins/${id}/undo">
${formOwner(page)}
<input type="hidden" name="case" value="${settled.id}">
<h2 class="ds-heading" data-size="sm">${words.undo}</h2>
<p>${words.undoHint(format.date(undoUntil))}</p>
${noteField(page, note, { label: words.undoNote })}
<button class="ds-button" data-variant="secondary" type="submit">${words.undo}</button>
</form>`
}`;
  return { title, content };
}

/** Both beside each other, and what linking does, before it is done. */
async function showCheck(
  c: DeskContext,
  id: string,
  memberId: string,
  again?: { refused: Refused; form: Form },
): Promise<Response> {
  const path = checkPath(id, memberId);
  const [page, { login, member }, suggestions] = await Promise.all([
    openPage(c, path),
    loadLink(c.var.api, id, memberId),
    call(c.var.api.rpc('login_suggestions', { observation_id: id })),
  ]);
  const words = loginWords[page.locale];
  const draft = again === undefined ? await c.var.drafts.find(c, path, page.me.userId) : undefined;
  const note = again?.form.text('note') ?? draft?.fields.get('note') ?? undefined;
  const suggested = 'done' in suggestions ? suggestions.done.find((each) => each.member_id === memberId) : undefined;
  const numbers = suggested?.agreed.includes('personnummer')
    ? 'same'
    : suggested?.disagreed.includes('personnummer')
      ? 'different'
      : 'unknown';
  const box =
    again !== undefined
      ? resultBox('danger', words.refused, html`<p>${refusalWords[page.locale][again.refused]}</p>`)
      : draft === undefined
        ? ''
        : resultBox('info', caseWords[page.locale].draft, html`<p>${commonWords[page.locale].draftKept}</p>`);
  const title = words.check(nameOf(page.locale, member));
  const content = html`${box}
<h1 class="ds-heading" data-size="md">${title}</h1>
${loginBesideRecord(page, login, member, numbers)}
${suggested === undefined ? '' : html`<ul>${suggestion(page, suggested, (_, name) => html`${name}`)}</ul>`}
<form class="desk-form" method="post" action="/logins/${id}/link">
${formOwner(page)}
<input type="hidden" name="member" value="${memberId}">
<p>${words.effect}${login.needs_approval ? html` ${caseWords[page.locale].decide.approval}` : ''} ${caseWords[page.locale].decide.undoable}</p>
${noteField(page, note)}
<p class="desk-actions"><button class="ds-button" type="submit">${words.button}</button>
<a class="ds-link" href="/logins/${id}">${words.cancel}</a></p>
</form>`;
  return page.show({
    title: again === undefined ? title : words.refused,
    content,
    status: again === undefined ? 200 : 422,
  });
}
