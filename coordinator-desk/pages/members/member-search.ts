import type { Hono } from 'hono';
import { html } from 'hono/html';
import type { FoundMember, FoundMembers } from '../../../db/api-types.gen.ts';
import { searchMembers } from '../../api/members.ts';
import type { DeskEnv } from '../../http/desk-context.ts';
import { commonWords } from '../../words/common.ts';
import { erasureWords } from '../../words/erasures.ts';
import { memberWords } from '../../words/members.ts';
import { refusalWords } from '../../words/refusals.ts';
import { fullName } from '../cases/names.ts';
import { errorSummary } from '../form-parts.ts';
import type { Html } from '../layout.ts';
import { keepsNumberBack } from '../number-in-search.ts';
import { openPage, type Page } from '../page.ts';
import { dataTable, type TableRow } from '../table.ts';

/** `/members?q=`: looking for a member. */
export function addMemberSearch(app: Hono<DeskEnv>): void {
  app.get('/members', async (c) => {
    const query = c.req.query('q')?.trim() ?? '';
    const [page, search] = await Promise.all([openPage(c), searchFor(c.var.api, query)]);
    const words = memberWords[page.locale];
    const title = query === '' || search.fault !== undefined ? words.title : words.results(query);
    const error = search.fault === undefined ? '' : commonWords[page.locale].errorInTitle;
    const content = html`${searchFault(page, search)}
<h1 class="ds-heading" data-size="lg">${words.title}</h1>
${searchForm(page, '/members', query, search)}
${query === '' ? html`<p class="desk-actions"><a class="ds-link" href="/erasures">${erasureWords[page.locale].list}</a></p>` : ''}
${search.found === undefined ? '' : searchResult(page, search.found, (member) => html`<a class="ds-link" href="/members/${member.id}">${nameIn(page, member)}</a>`)}`;
    return page.show({ title: `${error}${title}`, content, status: search.fault === undefined ? 200 : 422 });
  });
}

/** What a search came to; neither where nothing was asked for. */
export interface Search {
  found?: FoundMembers;
  fault?: keyof (typeof refusalWords)['nb'];
}

/** The words that were typed never stand in an address of ours where they may be a number: `find_members` refuses those. */
export async function searchFor(api: Parameters<typeof searchMembers>[0], query: string): Promise<Search> {
  if (query === '') return {};
  const outcome = await searchMembers(api, query);
  return 'refused' in outcome ? { fault: outcome.refused } : { found: outcome.done };
}

export function searchFault(page: Page, { fault }: Search): Html {
  return fault === undefined ? '' : errorSummary(page, [{ href: '#q', text: refusalWords[page.locale][fault] }]);
}

/** @param action the page that answers */
export function searchForm({ locale }: Page, action: string, query: string, { fault }: Search): Html {
  const words = memberWords[locale];
  const problem =
    fault === undefined
      ? ''
      : html`<p class="ds-validation-message" data-color="danger" id="q-error">${refusalWords[locale][fault]}</p>`;
  return html`<form class="desk-form" method="get" action="${action}" role="search">
<div class="desk-field">
<label class="ds-label" for="q">${words.search}</label>
<p id="q-hint">${words.hint}</p>
${problem}
<input class="ds-input" type="search" id="q" name="q" value="${fault === 'number_in_query' ? '' : query}" maxlength="200" autocomplete="off" spellcheck="false"${keepsNumberBack(locale)} aria-describedby="q-hint${fault === undefined ? '' : ' q-error'}"${fault === undefined ? '' : html` aria-invalid="true"`}>
</div>
<button class="ds-button" type="submit">${words.button}</button>
</form>`;
}

/**
 * How many were found has the focus: it is the answer to the search.
 *
 * @param lead the first cell of a row: the member, and what can be done with it
 */
export function searchResult(page: Page, found: FoundMembers, lead: (member: FoundMember) => Html): Html {
  const { locale, format } = page;
  const words = memberWords[locale];
  if (found.members.length === 0) return html`<p id="result" tabindex="-1" autofocus>${words.none}</p>`;
  const rows = found.members.map(
    (member): TableRow => [
      lead(member),
      member.external_id,
      member.birth_date === null ? words.missing : format.date(member.birth_date),
      member.email ?? words.missing,
      member.phone ?? words.missing,
      member.personnummer_masked ?? words.missing,
    ],
  );
  const heads = [words.name, words.number, words.born, words.email, words.phone, words.personnummer];
  return html`<p id="result" tabindex="-1" autofocus>${words.found(found.members.length)}${found.more ? html` ${words.more}` : ''}</p>
${dataTable(words.caption, heads, rows)}`;
}

export function nameIn({ locale }: Page, { given_name, family_name, merged_into }: FoundMember): string {
  const words = memberWords[locale];
  const name = fullName(given_name, family_name) ?? words.missing;
  return merged_into === null ? name : `${name} (${words.mergedText})`;
}
