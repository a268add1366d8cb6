import { readFileSync } from 'node:fs';
import type pg from 'pg';

/** What a pair of names is worth; `test/db/names/pairs.json` says it in words. */
export type Right = 'same' | 'with_number' | 'not_shown';
type Name = string | null;

export type Pair = {
  kind: string;
  record: [given: Name, family: Name];
  login: [given: Name, family: Name];
  right: Right;
  /** Why the rule knowingly answers otherwise. */
  beyond?: string;
};

type Group = { about: string; sources: string[]; pairs: [Name, Name, Name, Name, Right, string?][] };
type PairsFile = { beyond: Record<string, string>; groups: Group[] };

const file: PairsFile = JSON.parse(readFileSync(new URL('pairs.json', import.meta.url), 'utf8'));

export const beyondReasons = file.beyond;
export const groups = file.groups;
export const pairs: Pair[] = file.groups.flatMap(({ about, pairs: rows }) =>
  rows.map(([given, family, loginGiven, loginFamily, right, beyond]) => ({
    kind: about,
    record: [given, family] as [Name, Name],
    login: [loginGiven, loginFamily] as [Name, Name],
    right,
    ...(beyond === undefined ? {} : { beyond }),
  })),
);

const RIGHT: Record<string, Right> = { full: 'same', partial: 'with_number', none: 'not_shown' };

/** What the database says of each pair, asked both ways round. */
export async function judge(client: pg.ClientBase | pg.Pool): Promise<(Pair & { said: Right; saidReversed: Right })[]> {
  const { rows } = await client.query<{ one: string; other: string }>(
    `select private.compare_names(p.a, p.b, p.c, p.d) as one, private.compare_names(p.c, p.d, p.a, p.b) as other
       from unnest($1::text[], $2::text[], $3::text[], $4::text[]) with ordinality as p (a, b, c, d, nth) order by nth`,
    [0, 1]
      .flatMap((part) => [pairs.map((pair) => pair.record[part])])
      .concat([0, 1].flatMap((part) => [pairs.map((pair) => pair.login[part])])),
  );
  return pairs.map((pair, at) => ({
    ...pair,
    said: RIGHT[rows[at]?.one ?? ''] as Right,
    saidReversed: RIGHT[rows[at]?.other ?? ''] as Right,
  }));
}

/** For the report: how many pairs of each kind are answered rightly, and how many knowingly not. */
export function countByKind(judged: (Pair & { said: Right })[]): string[] {
  return groups.map(({ about }) => {
    const ofKind = judged.filter(({ kind }) => kind === about);
    const right = ofKind.filter((pair) => pair.said === pair.right).length;
    const beyond = ofKind.filter((pair) => pair.beyond !== undefined).length;
    return `${about}: ${right} of ${ofKind.length} right${beyond === 0 ? '' : `, ${beyond} knowingly not`}`;
  });
}

/** @param same whether two addresses are one mailbox */
export const emailPairs: [one: string, other: string, same: boolean][] = [
  ['kari@example.org', 'KARI@EXAMPLE.ORG', true],
  ['kåre.ødegård@example.org', 'KÅRE.ØDEGÅRD@EXAMPLE.ORG', true],
  ['ka\u030are@example.org', 'k\u00e5re@example.org', true],
  ['KA\u030aRE@example.org', 'k\u00e5re@example.org', true],
  ['þór.ðam@example.is', 'ÞÓR.ÐAM@EXAMPLE.IS', true],
  ['łukasz@example.pl', 'ŁUKASZ@EXAMPLE.PL', true],
  ['ŋuorgam@example.no', 'ŊUORGAM@example.no', true],
  ['иван@example.org', 'ИВАН@EXAMPLE.ORG', true],
  ['юлія@приклад.укр', 'ЮЛІЯ@ПРИКЛАД.УКР', true],
  ['γιώργος@example.gr', 'ΓΙΏΡΓΟσ@example.gr'.replace('σ', 'ς'), true],
  ['ka\u00adri@example.org', 'kari@example.org', true],
  ['\u200fkari@example.org\u200e', 'kari@example.org', true],
  ['kari@example.org\u200b', 'kari@example.org', true],
  ['\ufeffkari@example.org', 'kari@example.org', true],
  ['kari@example.org\u00a0', 'kari@example.org', true],
  [' kari@example.org ', 'kari@example.org', true],
  ['yildiz@example.org', 'YILDIZ@EXAMPLE.ORG', true],
  // Other mailboxes, or domains that anybody may register.
  ['yıldız@example.org', 'yildiz@example.org', false],
  ['kari@gmaıl.example', 'kari@gmail.example', false],
  ['ola@example.org', 'olá@example.org', false],
  ['kåre@example.org', 'kaare@example.org', false],
  ['bjørn@example.org', 'bjorn@example.org', false],
  ['müller@example.org', 'mueller@example.org', false],
  ['kari@straße.example', 'kari@strasse.example', false],
  ['kari.nordmann@example.org', 'karinordmann@example.org', false],
  ['kari@example.org', 'kаri@example.org', false], // a Cyrillic а
  ['kari+nhf@example.org', 'kari@example.org', false],
];
