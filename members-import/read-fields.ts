import { getCountries, getCountryCallingCode, parsePhoneNumberFromString } from 'libphonenumber-js/min';

// What is written in a field, column for column. First what no column means (invisible characters, what spreadsheets put around a
// text of digits) is taken off, alike everywhere; then each text is brought into the form the database has.

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

const longest = { id: 200, name: 200, email: 320 };
const earliestYear = 1850;
const latestYear = 2199;

/** No-break and narrow spaces, which spreadsheets put between groups of digits; no id and no address has any. */
const narrowSpaces = /[\u00A0\u2000-\u200A\u202F\u205F\u3000]/g;

/** @returns the text of an id as it is compared with others; it need not be usable */
export function cleanId(text: string): string {
  return cleanField(text).replaceAll(narrowSpaces, '');
}

/**
 * What a URL makes path steps of cannot be
 * sent to a member system; control characters and line breaks are no id, nor is a quote without its other half or a formula.
 */
export function readExternalId(text: string): string | undefined {
  const id = text.replaceAll(narrowSpaces, '');
  if (id === '.' || id === '..' || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(id) || hasOddQuote(id) || isBrokenFormula(id)) {
    return undefined;
  }
  return id.length <= longest.id ? id : undefined;
}

/**
 * What an encoding makes of letters that it does not know, or that were read in another one: `Bj?rn`, `Bj›rn`, `BjÃ¸rn`. A name has
 * none of these signs in the middle of a word.
 */
const brokenLetters =
  /\p{L}[^\p{L}\p{M}\p{N}\p{White_Space}\p{Pd}.,;:/&()"+·'’‘ʼ`´ʹ_@]\p{L}|Ã[\u0080-\u00BF\u0160\u0178\u2013-\u203A\u20AC]/u;

/** White space of any kind, line breaks too, is one space. */
export function readName(text: string): string | undefined {
  const name = text.replaceAll(/\p{White_Space}+/gu, ' ');
  if (/\p{Cc}/u.test(name) || hasOddQuote(name) || isBrokenFormula(name) || brokenLetters.test(name)) return undefined;
  return name.length <= longest.name ? name : undefined;
}

function hasOddQuote(text: string): boolean {
  return text.includes('"') && text.split('"').length % 2 === 0;
}

/** `=A2`, and what stands in a cell whose formula failed: `#REF!`, `#VERDI!`, `#NAVN?`. */
function isBrokenFormula(text: string): boolean {
  return text.startsWith('=') || /^#[\p{L}/0]+[!?]?$/u.test(text);
}

const atom = String.raw`[\p{L}\p{M}\p{N}!#$%&'*+/=?^_\x60{|}~-]+`;
const label = String.raw`[\p{L}\p{M}\p{N}](?:[\p{L}\p{M}\p{N}-]*[\p{L}\p{M}\p{N}])?`;
const plainAddress = new RegExp(String.raw`^${atom}(?:\.${atom})*@${label}(?:\.${label})+$`, 'u');

/** A plain address (`dot-atom` of RFC 5322, letters of any script): no name beside it, no quotes, not several. */
export function readEmail(text: string): string | undefined {
  const address = text.replaceAll(narrowSpaces, '');
  return address.length <= longest.email && plainAddress.test(address) ? address : undefined;
}

export const birthDateFormats = ['yyyy-mm-dd', 'dd.mm.yyyy', 'dd/mm/yyyy', 'yyyymmdd'] as const;
export type BirthDateFormat = (typeof birthDateFormats)[number];

/** Day, month and year as the mapping says, and nothing else but midnight, which database tools add. */
const dateForms: Record<BirthDateFormat, RegExp> = {
  'yyyy-mm-dd': /^(?<year>[0-9]{4})-(?<month>[0-9]{2})-(?<day>[0-9]{2})(?<rest>.*)$/,
  'dd.mm.yyyy': /^(?<day>[0-9]{2})\.(?<month>[0-9]{2})\.(?<year>[0-9]{4})(?<rest>.*)$/,
  'dd/mm/yyyy': /^(?<day>[0-9]{2})\/(?<month>[0-9]{2})\/(?<year>[0-9]{4})(?<rest>.*)$/,
  yyyymmdd: /^(?<year>[0-9]{4})(?<month>[0-9]{2})(?<day>[0-9]{2})(?<rest>.*)$/,
};
const midnight = /^(?:[T ]00:00(?::00(?:[.,]0+)?)?(?:Z|\+00(?::?00)?)?)?$/;

/** @returns `YYYY-MM-DD`, a date of the calendar that is past */
export function readDate(text: string, format: BirthDateFormat): string | undefined {
  const iso = readDay(text, format);
  return iso !== undefined && Date.parse(`${iso}T00:00:00Z`) <= Date.now() ? iso : undefined;
}

/** @returns `YYYY-MM-DD`, a date of the calendar, also one to come: whoever has resigned leaves at the end of the year */
export function readDay(text: string, format: BirthDateFormat): string | undefined {
  const { year, month, day, rest } = dateForms[format].exec(text)?.groups ?? {};
  if (rest === undefined || !midnight.test(rest)) return undefined;
  const iso = `${year}-${month}-${day}`;
  const date = new Date(`${iso}T00:00:00Z`);
  const exists = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(iso);
  return exists && date.getUTCFullYear() >= earliestYear && date.getUTCFullYear() <= latestYear ? iso : undefined;
}

/** @returns a year, such as 2025 */
export function readYear(text: string): number | undefined {
  return /^(?:19|20|21)[0-9]{2}$/.test(text) ? Number(text) : undefined;
}

export const amountUnits = ['øre', 'kroner'] as const;
export type AmountUnit = (typeof amountUnits)[number];

/**
 * A sum of money. Øre are a whole number; kroner may have a space between thousands, `kr` and two decimals: `kr 1 350,00`.
 *
 * @returns øre
 */
export function readAmount(text: string, unit: AmountUnit): number | undefined {
  const bare = text.replaceAll(narrowSpaces, ' ');
  if (unit === 'øre') return /^[0-9]{1,9}$/.test(bare) ? Number(bare) : undefined;
  const form = /^(?:kr\.?)?\s*(?<whole>[0-9]{1,3}(?: [0-9]{3})+|[0-9]{1,7})(?:[.,](?<part>[0-9]{2}|-))?(?:\s*kr\.?)?$/i;
  const { whole, part = '' } = form.exec(bare)?.groups ?? {};
  if (whole === undefined) return undefined;
  return Number(whole.replaceAll(' ', '')) * 100 + (/^[0-9]+$/.test(part) ? Number(part) : 0);
}

/**
 * Reads a phone number as people write it. Without a country code it gets the organisation's, also where the code is there and
 * only its plus is missing; `00` is a plus.
 *
 * @param callingCode the organisation's country code, such as `47`
 * @returns E.164 with plus; undefined for what is no number of that country, or has an impossible length for another one: their
 *   numbering plans change without us hearing of it, so only the length is held against them
 */
export function readPhone(text: string, callingCode: string): string | undefined {
  const spaced = text.replaceAll(/\p{White_Space}/gu, ' ');
  const international = spaced.replace(/^\s*\(([+0-9]+)\)/, '$1 ').replace(/^\s*00/, '+');
  // The zero that only callers within a country dial. Where it is part of the number (Italy), the first reading has it.
  const readings = [international, international.replace(/(?<=^\s*\+.*)\(0\)/, '')];
  return readings.map((reading) => parsePhone(reading, callingCode)).find((phone) => phone !== undefined);
}

function parsePhone(text: string, callingCode: string): string | undefined {
  const phone = parsePhoneNumberFromString(text, { defaultCallingCode: callingCode, extract: false });
  // An extension has no place in E.164, and without it the number is somebody else's.
  if (phone === undefined || phone.ext !== undefined) return undefined;
  const isUsable = phone.countryCallingCode === callingCode ? phone.isValid() : phone.isPossible();
  return isUsable ? phone.number : undefined;
}

/** Whether there is a country with this code. */
export function isCallingCode(code: string): boolean {
  return getCountries().some((country) => getCountryCallingCode(country) === code);
}
