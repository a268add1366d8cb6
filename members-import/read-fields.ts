import { getCountries, getCountryCallingCode, parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { hasOddQuote, isBrokenFormula, narrowSpaces } from '../runtime/csv/clean-fields.ts';

// What is written in a field, column for column: each text, cleaned of what no column means (runtime/csv/clean-fields.ts), is brought into
// the form the database has.

const longest = { name: 200, email: 320 };
const earliestYear = 1850;
const latestYear = 2199;

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
