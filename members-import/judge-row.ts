import type { Personnummer } from '../personnummer/personnummer.ts';
import { readPersonnummer } from '../personnummer/validate.ts';
import type { Layout } from './columns.ts';
import type { BirthDateFormat, FieldName } from './mapping.ts';
import { readPhone } from './read-phone.ts';
import { readDate, readEmail, readExternalId, readName } from './read-texts.ts';
import type { RejectionReason } from './rejection.ts';
import { bareNumber, holdsNumber } from './written-numbers.ts';

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

/** What was made of one record. */
export type Judgement = {
  row: JudgedRow;
  /** Why the row cannot be imported: all reasons, so that a file is mended in one go. */
  reasons: RejectionReason[];
  /** Whose row it is, also where it is rejected; null where nobody can say. */
  knownId: string | null;
};

/** Judges one record and brings its values into the form the database has. */
export function judgeRow(fields: string[], rules: RowRules): Judgement {
  const reasons = new Set<RejectionReason>();
  if (fields.length !== rules.layout.width) reasons.add('wrong_number_of_fields');
  const row: JudgedRow = { ...readClearColumns(fields, rules, reasons), personnummer: null };
  if (row.externalId === '' && !reasons.has('external_id_unusable')) reasons.add('external_id_missing');
  if (clearColumns.some((name) => holdsNumber(fieldOf(fields, rules, name), { synthetic: rules.acceptsSynthetic }))) {
    reasons.add('personnummer_in_another_column');
  }
  const number = bareNumber(fieldOf(fields, rules, 'personnummer'));
  if (number !== '' && rules.capture) {
    const reading = readPersonnummer(number, { synthetic: rules.acceptsSynthetic });
    if (reading.status === 'valid') row.personnummer = reading.personnummer;
    else reasons.add(reading.absentReason === 'not_accepted' ? 'personnummer_not_accepted' : 'personnummer_malformed');
  }
  return { row, reasons: [...reasons], knownId: knownId(row.externalId, fields, rules) };
}

/** Stored as they are, so none of them may hold a number. A birth date that holds one is no date. */
const clearColumns = ['external_id', 'given_name', 'family_name', 'email', 'phone'] as const;

function fieldOf(fields: string[], { layout }: RowRules, name: FieldName): string {
  return fields[layout.positions[name] ?? -1] ?? '';
}

function readClearColumns(fields: string[], rules: RowRules, reasons: Set<RejectionReason>) {
  const read = (name: FieldName, reason: RejectionReason, parse: (text: string) => string | undefined) => {
    const text = fieldOf(fields, rules, name);
    if (text === '') return null;
    const value = isStorable(text) ? parse(text) : undefined;
    if (value === undefined) reasons.add(reason);
    return value ?? null;
  };
  return {
    externalId: read('external_id', 'external_id_unusable', readExternalId) ?? '',
    givenName: read('given_name', 'given_name_unusable', readName),
    familyName: read('family_name', 'family_name_unusable', readName),
    birthDate: read('birth_date', 'birth_date_unusable', (text) => readDate(text, rules.birthDate)),
    email: read('email', 'email_unusable', readEmail),
    phone: read('phone', 'phone_unusable', (text) => readPhone(text, rules.countryCode)),
  };
}

/** PostgreSQL takes no NUL, and half a surrogate pair is no text. */
function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0') && !text.includes('\uFFFD');
}

/** Where a row has too few or too many fields, only the first one stands where it should. */
function knownId(externalId: string, fields: string[], { layout, acceptsSynthetic }: RowRules): string | null {
  const isInPlace = fields.length === layout.width || layout.positions.external_id === 0;
  const isUsable = externalId !== '' && !holdsNumber(externalId, { synthetic: acceptsSynthetic });
  return isInPlace && isUsable ? externalId : null;
}
