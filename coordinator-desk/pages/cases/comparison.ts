import { html } from 'hono/html';
import type { Member, OpenCase } from '../../api/cases.ts';
import type { Login } from '../../api/logins.ts';
import { caseWords } from '../../words/cases.ts';
import { comparisonWords } from '../../words/comparison.ts';
import type { Html } from '../layout.ts';
import type { Page } from '../page.ts';
import { nameOf, namesOf, providerName } from './names.ts';

/** Details of a person, as a record or a login has them. */
interface Details {
  given_name: string | null;
  family_name: string | null;
  birth_date: string | null;
  personnummer: string | null;
  phone: string | null;
  email: string | null;
  /** What the provider does not vouch for. */
  unverified: ('phone' | 'email')[];
}
type Field = keyof Omit<Details, 'unverified'>;
const fields: Field[] = ['given_name', 'family_name', 'birth_date', 'personnummer', 'phone', 'email'];

function detailsOfMember(member: Member): Details {
  return { ...member, personnummer: member.personnummer_masked, unverified: [] };
}

function detailsOfRecord(found: OpenCase): Details {
  return {
    given_name: found.member_given_name,
    family_name: found.member_family_name,
    birth_date: found.member_birth_date,
    personnummer: found.recorded_personnummer,
    phone: found.member_phone,
    email: found.member_email,
    unverified: [],
  };
}

function detailsOfLogin(found: OpenCase): Details {
  return {
    given_name: found.observed_given_name,
    family_name: found.observed_family_name,
    birth_date: found.observed_birth_date,
    personnummer: found.observed_personnummer,
    phone: found.observed_phone,
    email: found.observed_email,
    unverified: [
      ...(found.observed_phone !== null && found.observed_phone_verified !== true ? (['phone'] as const) : []),
      ...(found.observed_email !== null && found.observed_email_verified !== true ? (['email'] as const) : []),
    ],
  };
}

/** How two values stand to each other, as a word. Masked numbers that look the same need not be: whether they are, the case says. */
function difference(
  page: Page,
  field: Field,
  left: Details,
  right: Details,
  numbers: Numbers,
  missing: Missing,
): string {
  const words = comparisonWords[page.locale];
  const [one, other] = [left[field], right[field]];
  if (one === null && other === null) return words.missingBoth;
  if (one === null) return missing.left;
  if (other === null) return missing.right;
  if (field !== 'personnummer') return isSame(field, one, other) ? words.same : words.different;
  if (one !== other) return words.different;
  return { same: words.same, different: words.hiddenDigits, unknown: words.unknownDigits }[numbers];
}

type Numbers = 'same' | 'different' | 'unknown';
type Missing = { left: string; right: string };

function isSame(field: Field, one: string, other: string): boolean {
  const plain = (text: string) => text.normalize('NFC').trim().toLocaleLowerCase('nb');
  const key = field === 'phone' ? (text: string) => text.replaceAll(/[^+0-9]/g, '') : plain;
  return key(one) === key(other);
}

interface Side {
  head: string;
  details: Details;
}

function table(
  page: Page,
  caption: string,
  left: Side,
  right: Side,
  numbers: Numbers,
  missing: Missing,
  compared = fields,
): Html {
  const words = comparisonWords[page.locale];
  const shown = (details: Details, field: Field) => {
    const value = details[field];
    if (value === null) return words.empty;
    const written = field === 'birth_date' ? page.format.date(value) : value;
    const doubted = details.unverified.some((each) => each === field);
    return doubted ? `${written} (${words.unverified})` : written;
  };
  const rows = compared.map(
    (field) => html`<tr>
<th scope="row">${words.fields[field]}</th>
<td>${shown(left.details, field)}</td>
<td>${shown(right.details, field)}</td>
<td><strong>${difference(page, field, left.details, right.details, numbers, missing)}</strong></td>
</tr>`,
  );
  const heads = [words.field, left.head, right.head, words.difference];
  const told = compared.map(
    (field) => [field, difference(page, field, left.details, right.details, numbers, missing)] as const,
  );
  return html`<div class="desk-scroll" role="region" aria-label="${caption}" tabindex="0"><table class="ds-table" data-border>
<caption>${caption}. ${summary(page, told)}</caption>
<thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>${rows}</tbody>
</table></div>`;
}

/** The differences in one sentence, so that nobody has to go through the rows to find them. */
function summary({ locale }: Page, told: (readonly [Field, string])[]): string {
  const words = comparisonWords[locale];
  const differing = Map.groupBy(
    told.filter(([, word]) => word !== words.same && word !== words.missingBoth),
    ([, word]) => word,
  );
  const sentences = [...differing].map(([word, each]) => {
    const named = each.map(([field]) => words.fields[field].toLocaleLowerCase(locale)).join(', ');
    return `${word.charAt(0).toLocaleUpperCase(locale)}${word.slice(1)}: ${named}.`;
  });
  return sentences.length === 0 ? words.allSame : `${sentences.join(' ')} ${words.restSame}`;
}

/** The login beside each record that it might belong to, or that has its number. */
export function comparisons(page: Page, found: OpenCase, candidates: Member[], other: Member | undefined): Html[] {
  const { locale } = page;
  const words = comparisonWords[locale];
  const names = namesOf(locale, found, candidates);
  const login = detailsOfLogin(found);
  const ofImport = found.observation_id === null;
  const head = ofImport ? words.importHead : words.loginHead;
  const told = ofImport ? caseWords[locale].import : words.login(names.provider);
  const missing = { left: words.missingRecord, right: words.missingLogin };
  const beside = (name: string, record: Details, numbers: Numbers) =>
    table(
      page,
      words.caption(name, told),
      { head: words.record, details: record },
      { head, details: login },
      numbers,
      missing,
    );
  const agreed = found.detail.agreed?.includes('personnummer') === true;
  const tables: Html[] = [];
  if (found.member_id !== null) {
    const numbers = found.kind === 'mismatch' ? 'different' : agreed ? 'same' : 'unknown';
    tables.push(beside(names.member, detailsOfRecord(found), numbers));
  }
  for (const member of candidates.filter(({ id }) => id !== found.member_id)) {
    tables.push(beside(nameOf(locale, member), detailsOfMember(member), agreed ? 'same' : 'unknown'));
  }
  if (other !== undefined) {
    const numbers = found.kind === 'duplicate' || found.kind === 'mismatch' ? 'same' : 'unknown';
    tables.push(beside(nameOf(locale, other), detailsOfMember(other), numbers));
  }
  return tables;
}

/** The two records of a merge beside each other. */
export function recordsBesideEachOther(page: Page, found: OpenCase, other: Member): Html {
  const words = comparisonWords[page.locale];
  const names = namesOf(page.locale, found);
  const left = { head: caseWords[page.locale].decide.first, details: detailsOfRecord(found) };
  const right = { head: caseWords[page.locale].decide.second, details: detailsOfMember(other) };
  const missing = { left: words.missingLeft, right: words.missingRight };
  return table(page, words.caption(names.member, nameOf(page.locale, other)), left, right, 'different', missing);
}

/** A login that belongs to nobody beside a record; phone and e-mail of such a login are told by the suggestion only. */
export function loginBesideRecord(page: Page, login: Login, member: Member, numbers: Numbers): Html {
  const words = comparisonWords[page.locale];
  const { given_name, family_name, birth_date, personnummer_masked: personnummer } = login;
  const observed = { given_name, family_name, birth_date, personnummer, phone: null, email: null, unverified: [] };
  const missing = { left: words.missingRecord, right: words.missingLogin };
  return table(
    page,
    words.caption(nameOf(page.locale, member), words.login(providerName(login.provider))),
    { head: words.record, details: detailsOfMember(member) },
    { head: words.loginHead, details: observed },
    numbers,
    missing,
    ['given_name', 'family_name', 'birth_date', 'personnummer'],
  );
}
