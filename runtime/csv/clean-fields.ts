// What no column means (invisible characters, what spreadsheets put around a text of digits) is taken off, alike in every file that people export.

/** Direction marks, zero-width characters, soft hyphens, byte order marks and the like, wherever they stand. */
const invisible = /\p{Cf}|\u034F|\u115F|\u1160|\u3164|\uFFA0|[\uFE00-\uFE0F]/gu;
/** Nothing but what needs no cleaning. */
const plain = /^[\x21\x23-\x26\x28-\x3c\x3e-\x7e](?:[\x20-\x7e]*[\x21\x23-\x26\x28-\x7e])?$/;

/**
 * Takes off what nobody means: invisible characters, white space around the text, and what spreadsheets put around a text so that
 * its leading zero stays (`'00501`, `="00501"`, both also within quotes that a second program put around). Letters
 * that are written as two characters become one.
 */
export function cleanField(text: string): string {
  if (plain.test(text)) return text;
  const visible = text.normalize('NFC').replaceAll(invisible, '').trim();
  const formula = /^=\s*"(.*)"$/s.exec(visible)?.[1];
  if (formula !== undefined) return formula.replaceAll('""', '"').trim();
  // An apostrophe marks a text. In front of a small letter it is a name (`'t Hart`).
  if (/^'.+'$/su.test(visible)) return visible.slice(1, -1).trim();
  return /^'(?!\p{Ll})/u.test(visible) ? visible.slice(1).trim() : visible;
}

// Written by database tools and spreadsheets where there is no value. `Null` is a family name.
const nothing = new Set([
  'NULL',
  'null',
  '\\N',
  '(null)',
  '(NULL)',
  '<null>',
  '<NULL>',
  '[NULL]',
  '[null]',
  '#N/A',
  '#I/T',
  'NaN',
]);

/** Whether a text stands for a value that is not there. */
export function isNothing(text: string): boolean {
  return text.length <= 6 && nothing.has(text);
}

/** Of what is longer, such as a UUID, only the signs between letters and digits are looked at. */
const longestWithForm = 20;

/**
 * The form of an id, to see whether an id is like others: `09-AB-123` and `04-CD-7` are both `09-A-9`.
 *
 * @returns runs of digits as `9`, or `09` with a leading zero; of letters as `A` or `a`; of both as `A9`, `a9` or `x`
 */
export function idForm(text: string): string {
  if (/^[1-9][0-9]*$/.test(text)) return '9';
  if (text.length > longestWithForm) return text.replaceAll(/[\p{L}\p{M}\p{N}]+/gu, 'x').slice(0, 24);
  return text
    .replaceAll(/[\p{L}\p{M}\p{N}]+/gu, (run) => {
      if (/^[0-9]+$/.test(run)) return run.length > 1 && run.startsWith('0') ? '09' : '9';
      const [, word = '', digits] = /^([\p{L}\p{M}]+)([0-9]*)$/u.exec(run) ?? [];
      if (word === '') return 'x';
      return (word === word.toUpperCase() ? 'A' : 'a') + (digits === '' ? '' : '9');
    })
    .slice(0, 24);
}

/** No-break and narrow spaces, which spreadsheets put between groups of digits; no id and no address has any. */
export const narrowSpaces = /[\u00A0\u2000-\u200A\u202F\u205F\u3000]/g;

/** @returns the text of an id as it is compared with others; it need not be usable */
export function cleanId(text: string): string {
  return cleanField(text).replaceAll(narrowSpaces, '');
}

const longestId = 200;

/**
 * What a URL makes path steps of cannot be
 * sent to a member system; control characters and line breaks are no id, nor is a quote without its other half or a formula.
 */
export function readExternalId(text: string): string | undefined {
  const id = text.replaceAll(narrowSpaces, '');
  if (id === '.' || id === '..' || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(id) || hasOddQuote(id) || isBrokenFormula(id)) {
    return undefined;
  }
  return id.length <= longestId ? id : undefined;
}

export function hasOddQuote(text: string): boolean {
  return text.includes('"') && text.split('"').length % 2 === 0;
}

/** `=A2`, and what stands in a cell whose formula failed: `#REF!`, `#VERDI!`, `#NAVN?`. */
export function isBrokenFormula(text: string): boolean {
  return text.startsWith('=') || /^#[\p{L}/0]+[!?]?$/u.test(text);
}
