/**
 * `npm run db:letters`: writes, from the Unicode data that comes with Node, the three functions that know letters. PostgreSQL's own `lower()`
 * and its character classes follow the locale a database was made with; these do not.
 */
import { writeFile } from 'node:fs/promises';
import { FUNCTIONS_FOLDER } from './function-files.ts';

const LAST = 0x10ffff;
/** Scripts that have capital letters and that registers and passports of today write. */
const CASED = /[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Armenian}\p{Script=Georgian}]/u;

type Range = [first: number, last: number];

/** @returns ranges of the characters that `holds` is true of; what Unicode has not assigned counts as what stands before it. */
function rangesOf(holds: (character: string) => boolean, from = 0x80): Range[] {
  const ranges: Range[] = [];
  let open: Range | undefined;
  for (let code = from; code <= LAST; code += 1) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const character = String.fromCodePoint(code);
    if (/\p{Cn}/u.test(character) && !isInvisible(character)) continue;
    if (!holds(character)) open = undefined;
    else if (open === undefined) {
      open = [code, code];
      ranges.push(open);
    } else open[1] = code;
  }
  return ranges;
}

/** Capital letters that are not made of a letter and a mark, each with its small one. */
export function capitals(): [capital: string, small: string][] {
  return rangesOf((c) => CASED.test(c) && c.normalize('NFD') === c && [...c.toLowerCase()].length === 1)
    .flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, at) => String.fromCodePoint(first + at)))
    .filter((c) => CASED.test(c) && c.toLowerCase() !== c)
    .map((c) => [c, c.toLowerCase()]);
}

const isPartOfWord = (character: string) => /[\p{L}\p{M}]/u.test(character);
/** Direction marks, zero-width characters, soft hyphens and their like: they are there, and nobody sees them. */
const isInvisible = (character: string) => /[\p{Default_Ignorable_Code_Point}\p{Cf}]/u.test(character);

const hex = (code: number) =>
  code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
const inBrackets = (ranges: Range[]) =>
  ranges.map(([first, last]) => (first === last ? hex(first) : `${hex(first)}-${hex(last)}`));

/** SQL string constants on lines of their own are one constant. */
function constant(pieces: string[], indent: string, prefix = '', longest = 130): string {
  const lines = [''];
  for (const piece of pieces) {
    if ((lines.at(-1) as string).length + piece.length > longest) lines.push('');
    lines[lines.length - 1] += piece;
  }
  return lines.map((line, at) => `${at === 0 ? prefix : indent}'${line}'`).join('\n');
}

function file(why: string[], name: string, argument: string, body: string, comment: string): string {
  return `${['Written by `npm run db:letters` from Unicode data.', ...why].map((line) => `-- ${line}`).join('\n')}
create or replace function private.${name}(${argument} text)
returns text
language plpgsql immutable strict parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
${body}
end
$$;
comment on function private.${name} is '${comment}';
`;
}

/** @returns text of each file, by its path below `db/functions/` */
export function letterFunctions(): Map<string, string> {
  const cases = capitals();
  const escaped = (letters: string[]) =>
    constant(
      letters.map((one) =>
        hex(one.codePointAt(0) as number)
          .replace(/^\\u/, '\\')
          .replace(/^\\U00/, '\\+'),
      ),
      '    ',
      'U&',
    );
  const bracket = (ranges: Range[], after: string) => constant(['[', ...inBrackets(ranges), after], '    ');
  return new Map([
    [
      'matching/private.lower_letters.sql',
      file(
        [
          "Small letters of every script that has capitals, whatever the database's locale: lower() knows A to Z only where that is C, and",
          'makes another letter of I where it is Turkish.',
        ],
        'lower_letters',
        'p_decomposed',
        `  if p_decomposed collate "C" !~ '[^\\u0001-\\u007f\\u0300-\\u036f]' then
    return lower(p_decomposed collate "C"); -- A to Z and marks, which is nearly always
  end if;
  return lower(translate(p_decomposed,
    ${escaped(cases.map(([capital]) => capital))},
    ${escaped(cases.map(([, small]) => small))}) collate "C");`,
        'In: a text in normal form D or KD. Out: the same in small letters.',
      ),
    ],
    [
      'matching/private.without_invisible.sql',
      file(
        [
          'Direction marks, zero-width characters and soft hyphens come along when somebody copies a name or an address.',
        ],
        'without_invisible',
        'p_text',
        `  return regexp_replace(p_text collate "C",\n    ${bracket(rangesOf(isInvisible), ']+')}, '', 'g');`,
        'In: a text. Out: the same without characters that nobody sees.',
      ),
    ],
    [
      'matching/private.space_out_signs.sql',
      file(
        [
          'What is neither a letter nor a mark of one (dash, full stop, digit, symbol ...) separates words, and belongs to no name itself.',
        ],
        'space_out_signs',
        'p_text',
        `  return regexp_replace(p_text collate "C",\n    ${bracket(
          rangesOf((c) => !isPartOfWord(c)),
          ']+',
        )}, ' ', 'g');`,
        'In: a text. Out: the same with a space for everything beyond ASCII that is no letter.',
      ),
    ],
  ]);
}

if (import.meta.main) {
  for (const [path, sql] of letterFunctions()) await writeFile(new URL(path, FUNCTIONS_FOLDER), sql);
  console.log([...letterFunctions().keys()].map((path) => `db/functions/${path}`).join('\n'));
}
