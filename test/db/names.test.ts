import assert from 'node:assert/strict';
import fc from 'fast-check';
import { beforeAll, test } from 'vitest';
import { readFunctionFiles } from '../../db/function-files.ts';
import { capitals, letterFunctions } from '../../db/generate-letters.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { beyondReasons, countByKind, emailPairs, groups, judge, pairs } from './names/pairs.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});

type Name = string | null;

async function compare(rows: [Name, Name, Name, Name][]): Promise<(string | null)[]> {
  const { rows: found } = await db.pool.query<{ agreement: string | null }>(
    `select private.compare_names(p.a, p.b, p.c, p.d) as agreement
       from unnest($1::text[], $2::text[], $3::text[], $4::text[]) with ordinality as p (a, b, c, d, nth) order by nth`,
    [0, 1, 2, 3].map((part) => rows.map((row) => row[part])),
  );
  return found.map(({ agreement }) => agreement);
}

async function each(call: string, texts: string[]): Promise<string[]> {
  const { rows } = await db.pool.query<{ made: string }>(
    `select ${call} as made from unnest($1::text[]) with ordinality as t (text, nth) order by nth`,
    [texts],
  );
  return rows.map(({ made }) => made);
}

const assigned = function* (holds: RegExp) {
  for (let code = 1; code <= 0x10ffff; code += 1) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const character = String.fromCodePoint(code);
    if (holds.test(character)) yield character;
  }
};

test('names: every pair of the table gets its right answer, but those that are knowingly beyond the rule', async () => {
  assert.ok(pairs.length >= 300);
  for (const { about, sources } of groups) assert.ok(sources.length > 0, `${about} names no source`);
  assert.deepEqual(
    [...new Set(pairs.flatMap(({ beyond }) => beyond ?? []))].sort(),
    Object.keys(beyondReasons).sort(),
    'each reason is used, and each that is used is explained',
  );
  const judged = await judge(db.pool);
  for (const line of countByKind(judged)) console.log(line);
  const kept = judged.filter(({ beyond }) => beyond === undefined);
  console.log(
    `${kept.length} of ${judged.length} pairs are promised; ${judged.length - kept.length} are beyond the rule`,
  );
  const wrong = kept.filter(({ right, said, saidReversed }) => said !== right || saidReversed !== right);
  assert.deepEqual(wrong, []);
  // An answer that has become right loses its mark.
  assert.deepEqual(
    judged.filter(({ beyond, right, said }) => beyond !== undefined && said === right),
    [],
  );
});

test('e-mail: two spellings of one address are one, and no two addresses are', async () => {
  const ones = await each(
    'private.email_key(text)',
    emailPairs.map(([one]) => one),
  );
  const others = await each(
    'private.email_key(text)',
    emailPairs.map(([, other]) => other),
  );
  for (const [at, [one, other, same]] of emailPairs.entries()) {
    assert.equal(ones[at] === others[at], same, `${one} and ${other}`);
  }
});

/** A name as many people's is: letters of one alphabet, some of them with marks. */
const word = fc
  .oneof(
    ...[
      'abcdefghijklmnopqrstuvwxyzæøåäöüéèñçßðþđłŋŧšžčáıəœ',
      'абвгдеёжзийклмнопрстуфхцчшщъыьэюяґєії',
      'αβγδεζηθικλμνξοπρστυφχψωάέή',
    ].map((letters) => fc.array(fc.constantFrom(...letters), { minLength: 4, maxLength: 10 })),
  )
  .map((letters) => `${letters.join('')}`)
  .map((text) => (/[aeiouyаеиоуαειου]/.test(text) ? text : `${text}a`));
const name = fc.array(word, { minLength: 1, maxLength: 3 });

test('names: whoever writes a name in another way has written the same name', async () => {
  const WAYS: Record<string, (text: string) => string> = {
    'in capitals': (text) => text.toUpperCase(),
    'with one capital': (text) => text.slice(0, 1).toUpperCase() + text.slice(1),
    decomposed: (text) => text.normalize('NFD'),
    'decomposed and in capitals': (text) => text.toUpperCase().normalize('NFD'),
    'with hyphens': (text) => text.replaceAll(' ', '-'),
    'with no-break spaces': (text) => text.replaceAll(' ', '\u00a0'),
    'with a soft hyphen': (text) => `${text.slice(0, 2)}\u00ad${text.slice(2)}`,
    'between direction marks': (text) => `\u200f${text}\u202c`,
    'with letters written out': (text) => text.replace(/[åæøäöüßþœ]/g, (letter) => LONG[letter] as string),
    'with letters written short': (text) =>
      text
        .replace(/[åæøäöüœ]/g, (letter) => (LONG[letter] as string).slice(0, 1))
        .replaceAll('ß', 'ss')
        .replaceAll('þ', 'th'),
    'with its accents lost': (text) => text.normalize('NFD').replaceAll(/\p{M}/gu, ''),
  };
  const LONG: Record<string, string> = {
    å: 'aa',
    æ: 'ae',
    ø: 'oe',
    ä: 'ae',
    ö: 'oe',
    ü: 'ue',
    ß: 'ss',
    þ: 'th',
    œ: 'oe',
  };
  await fc.assert(
    fc.asyncProperty(name, name, async (given, family) => {
      const [g, f] = [given.join(' '), family.join(' ')];
      const answers = await compare(Object.values(WAYS).map((way) => [g, f, way(g), way(f)]));
      assert.deepEqual(
        Object.keys(WAYS).filter((_, at) => answers[at] !== 'full'),
        [],
        `${g} | ${f}`,
      );
    }),
    { numRuns: 150 },
  );
});

test('names: the answer is the same from either side, and swapped parts agree', async () => {
  const any = fc.oneof(
    name.map((words) => words.join(' ')),
    fc.constantFrom(null, '', '-', 'al', 'J. P.', 'de Silva', 'Le'),
  );
  await fc.assert(
    fc.asyncProperty(any, any, any, any, async (a, b, c, d) => {
      const [one, other] = await compare([
        [a, b, c, d],
        [c, d, a, b],
      ]);
      assert.equal(one, other);
      if (a && b && c && d) {
        const [swapped] = await compare([[a, b, d, c]]);
        assert.equal(swapped, one);
      }
    }),
    { numRuns: 200 },
  );
});

test('names: no character of Unicode that is no letter makes two names agree', async () => {
  const characters = [...assigned(/[\p{P}\p{S}\p{Z}\p{N}\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/u)]
    // NFKC makes letters of some symbols (℃, ㎏, ①a); marks belong to a letter.
    .filter((one) => !/[\p{L}\p{M}]/u.test(one.normalize('NFKC')));
  assert.ok(characters.length > 8000);
  const answers = await compare(
    characters.flatMap((one) => [
      [one + one, one + one, one + one, one + one] as [Name, Name, Name, Name],
      [`Omar${one}`, 'Said', `Fatima${one}`, 'Nouri'] as [Name, Name, Name, Name],
      [`Omar ${one}${one}`, 'Said', `Fatima ${one}${one}`, 'Nouri'] as [Name, Name, Name, Name],
    ]),
  );
  const agreeing = characters.filter((_, at) =>
    [0, 1, 2].some((way) => !['none', null].includes(answers[at * 3 + way] ?? null)),
  );
  assert.deepEqual(
    agreeing.map((one) => one.codePointAt(0)?.toString(16)),
    [],
  );
});

test('names: capital and small letter are one, for every letter of the scripts that have both', async () => {
  const letters = [...assigned(/[\p{Lu}\p{Lt}]/u)].filter((one) =>
    /[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Armenian}\p{Script=Georgian}]/u.test(one),
  );
  assert.ok(letters.length > 900);
  const capital = await each('private.name_letters(text)', letters);
  const small = await each(
    'private.name_letters(text)',
    letters.map((one) => one.toLowerCase()),
  );
  assert.deepEqual(
    letters.filter((_, at) => capital[at] !== small[at]),
    [],
  );
  const keyOfCapital = await each('private.email_key(text)', letters);
  const keyOfSmall = await each(
    'private.email_key(text)',
    letters.map((one) => one.toLowerCase()),
  );
  assert.deepEqual(
    letters.filter((_, at) => keyOfCapital[at] !== keyOfSmall[at]),
    [],
  );
});

test('names: letters of the Latin script that passports write in A to Z become A to Z', async () => {
  const latin = [...assigned(/\p{Script=Latin}/u)].filter(
    (one) => (one.codePointAt(0) as number) <= 0x24f || /[\u1e00-\u1eff]/.test(one),
  );
  const letters = latin.filter((one) => /\p{L}/u.test(one));
  const made = await each('private.name_letters(text)', letters);
  // Letters of phonetics and of African alphabets that no passport rule names stay what they are.
  const kept = letters.filter((_, at) => !/^[a-z]*$/.test(made[at] as string));
  const known = 'ÆæØøÐðÞþßĐđĦħıĸŁłŊŋŒœŦŧẞ';
  assert.deepEqual(
    kept.filter((one) => known.includes(one)),
    [],
  );
  assert.deepEqual(
    kept.filter((one) => one.normalize('NFD') !== one && /^[a-z]/i.test(one.normalize('NFD'))),
    [],
  );
});

test('the letters in db/functions/ are what `npm run db:letters` makes of Unicode', async () => {
  assert.ok(capitals().length > 400);
  const files = new Map((await readFunctionFiles()).map(({ path, sql }) => [path, sql]));
  for (const [path, sql] of letterFunctions())
    assert.equal(files.get(path), sql, `run \`npm run db:letters\`: ${path}`);
});
