import type { BirthDateFormat } from './mapping.ts';

// Each of these brings the text of a field into the form the database has, or answers undefined where it is not usable.

const longest = { id: 200, name: 200, email: 320 };
const earliestYear = 1850;

/** What a URL makes path steps of cannot be sent to a member system, and control characters and line breaks are no id. */
export function readExternalId(text: string): string | undefined {
  if (text === '.' || text === '..' || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(text)) return undefined;
  return text.length <= longest.id ? text : undefined;
}

/** White space of any kind, line breaks too, is one space. */
export function readName(text: string): string | undefined {
  const name = text.replaceAll(/\p{White_Space}+/gu, ' ');
  return name.length <= longest.name && !/\p{Cc}/u.test(name) ? name : undefined;
}

const atom = String.raw`[\p{L}\p{M}\p{N}!#$%&'*+/=?^_\x60{|}~-]+`;
const label = String.raw`[\p{L}\p{M}\p{N}](?:[\p{L}\p{M}\p{N}-]*[\p{L}\p{M}\p{N}])?`;
const plainAddress = new RegExp(String.raw`^${atom}(?:\.${atom})*@${label}(?:\.${label})+$`, 'u');

/** A plain address (`dot-atom` of RFC 5322, letters of any script): no name beside it, no quotes, not several. */
export function readEmail(text: string): string | undefined {
  return text.length <= longest.email && plainAddress.test(text) ? text : undefined;
}

/** @returns `YYYY-MM-DD`, a date of the calendar that is past */
export function readDate(text: string, format: BirthDateFormat): string | undefined {
  const digits = text.replaceAll(/[^0-9]/g, '');
  if (digits.length !== 8 || text.length !== format.length) return undefined;
  const iso = format.startsWith('yyyy')
    ? `${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6)}`
    : `${digits.slice(4)}-${digits.slice(2, 4)}-${digits.slice(0, 2)}`;
  const date = new Date(`${iso}T00:00:00Z`);
  const exists = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(iso);
  return exists && date.getUTCFullYear() >= earliestYear && date.getTime() <= Date.now() ? iso : undefined;
}
