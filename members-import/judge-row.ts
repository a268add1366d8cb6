import type { Personnummer } from '../personnummer/personnummer.ts';
import { readPersonnummer } from '../personnummer/validate.ts';
import type { BirthDateFormat, FieldName, Layout } from './mapping.ts';
import type { RejectionReason } from './rejection.ts';

/** The rules of one import, the same for every row. */
export type RowRules = {
  layout: Layout;
  birthDate: BirthDateFormat;
  countryCode: string;
  acceptsSynthetic: boolean;
  /** False while the organisation has recorded no legal basis: numbers are not even read. */
  capture: boolean;
};

/** Null: the file has nothing there. */
export type JudgedRow = {
  externalId: string;
  givenName: string | null;
  familyName: string | null;
  /** `YYYY-MM-DD` */
  birthDate: string | null;
  email: string | null;
  /** E.164, with plus. */
  phone: string | null;
  personnummer: Personnummer | null;
};

const earliestYear = 1850;

/**
 * Judges one record and brings its values into the form the database has.
 *
 * @returns the row, and the reasons for which it cannot be imported: all of them, so that a file is mended in one go
 */
export function judgeRow(fields: string[], rules: RowRules): { row: JudgedRow; reasons: RejectionReason[] } {
  const reasons = new Set<RejectionReason>();
  const read = <T>(name: FieldName, reason: RejectionReason, parse: (text: string) => T | undefined): T | null => {
    const text = fields[rules.layout.positions[name] ?? -1] ?? '';
    if (text === '') return null;
    const value = isStorable(text) ? parse(text) : undefined;
    if (value === undefined) reasons.add(reason);
    return value ?? null;
  };
  if (fields.length !== rules.layout.width) reasons.add('wrong_number_of_fields');
  const row: JudgedRow = {
    externalId: read('external_id', 'external_id_unusable', (text) => (text.length <= 200 ? text : undefined)) ?? '',
    givenName: read('given_name', 'given_name_unusable', readName),
    familyName: read('family_name', 'family_name_unusable', readName),
    birthDate: read('birth_date', 'birth_date_unusable', (text) => readDate(text, rules.birthDate)),
    email: read('email', 'email_unusable', (text) => (isEmail(text) ? text : undefined)),
    phone: read('phone', 'phone_unusable', (text) => readPhone(text, rules.countryCode)),
    personnummer: null,
  };
  if (row.externalId === '' && !reasons.has('external_id_unusable')) reasons.add('external_id_missing');
  if (holdsNumber(row, rules.acceptsSynthetic)) reasons.add('personnummer_in_another_column');
  const number = fields[rules.layout.positions.personnummer ?? -1] ?? '';
  if (number === '' || !rules.capture) return { row, reasons: [...reasons] };
  const reading = readPersonnummer(number, { synthetic: rules.acceptsSynthetic });
  if (reading.status === 'valid') row.personnummer = reading.personnummer;
  else reasons.add(reading.absentReason === 'not_accepted' ? 'personnummer_not_accepted' : 'personnummer_malformed');
  return { row, reasons: [...reasons] };
}

/** PostgreSQL takes no NUL, and half a surrogate pair is no text. */
function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0') && !text.includes('\uFFFD');
}

function readName(text: string): string | undefined {
  return text.length <= 200 ? text : undefined;
}

function isEmail(text: string): boolean {
  return text.length <= 320 && /^[^\s@]+@[^\s@]+$/.test(text);
}

/** Numbers without a country code get the organisation's; `00` is a plus. */
function readPhone(text: string, countryCode: string): string | undefined {
  const digits = text.replaceAll(/[\s().-]/g, '').replace(/^00/, '+');
  const number = digits.startsWith('+') ? digits : `+${countryCode}${digits.replace(/^0/, '')}`;
  return /^\+[1-9][0-9]{6,14}$/.test(number) ? number : undefined;
}

function readDate(text: string, format: BirthDateFormat): string | undefined {
  const digits = text.replaceAll(/[^0-9]/g, '');
  if (digits.length !== 8 || text.length !== format.length) return undefined;
  const iso = format.startsWith('yyyy')
    ? `${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6)}`
    : `${digits.slice(4)}-${digits.slice(2, 4)}-${digits.slice(0, 2)}`;
  const date = new Date(`${iso}T00:00:00Z`);
  const exists = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(iso);
  return exists && date.getUTCFullYear() >= earliestYear && date.getTime() <= Date.now() ? iso : undefined;
}

/**
 * A number in a column that is stored in clear would undo all the sealing. Eleven digits that are no number are an ordinary
 * member id, of which one in some hundreds looks like one; those members need another id.
 */
function holdsNumber({ externalId, givenName, familyName, email }: JudgedRow, synthetic: boolean): boolean {
  return [externalId, givenName, familyName, email].some((text) =>
    (text?.match(/(?<![0-9])[0-9]{6}[ -]?[0-9]{5}(?![0-9])/g) ?? []).some(
      (digits) => readPersonnummer(digits.replace(/[ -]/, ''), { synthetic }).status === 'valid',
    ),
  );
}
