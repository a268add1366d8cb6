import { readPersonnummer } from '../personnummer/validate.ts';

/**
 * Takes the usual ways of writing off a number: `ddmmyy nnnnn`, a dash in the same place, white space and invisible characters
 * wherever they are, and what spreadsheets put around a text of digits (`'...`, `="..."`).
 *
 * @returns the bare text, which need not be a number; a lost leading zero is not guessed
 */
export function bareNumber(text: string): string {
  return text
    .replaceAll(/[\p{White_Space}\p{Cf}]/gu, '')
    .replace(/^="(.*)"$/, '$1')
    .replace(/^'/, '')
    .replace(/^([0-9]{6})[\p{Pd}\u2212]([0-9]{5})$/u, '$1$2');
}

/**
 * Eleven digits that end where a group of digits ends and begin where one begins, or after nothing but zeros of theirs. The
 * group ends are bars here. What comes after is looked at first, because it fails fastest.
 */
const elevenDigits = /(?=((?:[0-9]\|?){10}[0-9])\|)(?<=\|0*)/g;

/**
 * Whether a text that is going to be stored in clear holds a personnummer or D-number, which would undo all the sealing. What
 * stands between digits does not matter unless it is a letter, nor do zeros in front. A number in the middle of a longer group of
 * digits is not looked for: of ids with sixteen digits one in 70 would have one by chance. Nor is one that lost its leading
 * zero: in a series of ids like 2024-001234 it would be one in 28. As it is, one in 420 ids of eleven random digits looks like a
 * number, and no shorter one; those members need another id.
 *
 * @param rules `synthetic`: whether synthetic numbers count too, as where they are the expected ones
 */
export function holdsNumber(text: string, rules: { synthetic: boolean }): boolean {
  if (hasFewDigits(text)) return false;
  const words = text.normalize('NFKC').replaceAll(/\p{L}+/gu, '|x|');
  const groups = `|${words}|`.replaceAll(/[^0-9x]+/g, '|');
  return [...groups.matchAll(elevenDigits)].some(([, found = '']) => {
    const digits = found.replaceAll('|', '');
    return [false, rules.synthetic].some((synthetic) => readPersonnummer(digits, { synthetic }).status === 'valid');
  });
}

/** Most fields are looked through five times faster this way. Outside ASCII there are other digits, and signs that hold some. */
function hasFewDigits(text: string): boolean {
  let digits = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code > 0x7f) return false;
    if (code >= 0x30 && code <= 0x39) digits += 1;
  }
  return digits < 11;
}
