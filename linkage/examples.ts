import type { Odd } from './causes.ts';
import { compare, type Login, type RecordOf, relation } from './facts.ts';

/** One login and the record it is about, in words; numbers, phones and addresses are only compared. */
export function describe(odd: Odd): { login: string; record: string } {
  const { login, linked, own, others } = odd;
  const record =
    linked !== null && linked.person !== login.person ? linked : (own.find(alike(login)) ?? others[0] ?? own[0]);
  return { login: describeLogin(login), record: record === undefined ? '' : describeRecord(login, record) };
}

function describeLogin(login: Login): string {
  const brings = [
    login.number === null ? 'no number' : 'number',
    ...(login.phone === null ? [] : ['phone']),
    ...(login.email === null ? [] : [login.email_verified ? 'e-mail address' : 'unverified e-mail address']),
  ];
  return `${nameOf(login)}, born ${login.birth_date ?? 'unknown'}; ${login.provider}: ${brings.join(', ')}`;
}

function describeRecord(login: Login, record: RecordOf): string {
  const told = (what: string, one: string | null, other: string | null) =>
    other === null ? `no ${what}` : `${one !== null && compare(one, other) === 'same' ? 'this' : 'another'} ${what}`;
  return [
    `${nameOf(record)}, born ${record.birth_date ?? 'unknown'}`,
    told('number', login.number, record.number),
    told('phone', login.phone, record.phone),
    told('e-mail address', login.email, record.email),
    ...(record.person === login.person ? [] : [`record of ${relation(login, record)}`]),
  ].join('; ');
}

const nameOf = ({ given, family }: { given: string | null; family: string | null }) =>
  given === null && family === null ? 'no name' : `${given ?? '-'} / ${family ?? '-'}`;

const alike = (login: Login) => (record: RecordOf) =>
  (['number', 'phone', 'email'] as const).some((what) => compare(login[what], record[what]) === 'same');
