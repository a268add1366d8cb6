import type { Personnummer } from '../personnummer/personnummer.ts';
import { readPersonnummer } from '../personnummer/validate.ts';
import { cleanField, isNothing, readExternalId } from '../runtime/csv/clean-fields.ts';
import type { Layout } from './header.ts';
import type { FieldName } from './mapping.ts';
import type { MemberRecord } from './member-records.ts';
import { type BirthDateFormat, readDate, readEmail, readName, readPhone } from './read-fields.ts';
import { bareNumber, holdsNumber } from './written-numbers.ts';

/** Why a row is not imported. Stored and written to the file of rejected rows; docs/importing-members.md explains each. */
const rejectionReasons = [
  'stray_quote',
  'not_a_member',
  'wrong_number_of_fields',
  'external_id_missing',
  'external_id_unusable',
  'external_id_repeated',
  'given_name_unusable',
  'family_name_unusable',
  'birth_date_unusable',
  'email_unusable',
  'phone_unusable',
  'personnummer_malformed',
  'personnummer_not_accepted',
  'personnummer_in_another_column',
] as const;

type RejectionReason = (typeof rejectionReasons)[number];

/**
 * A row that is not imported: where it is and why, and nothing of what it says but whose it is, so that a member whose row
 * is unusable is not taken for one that is missing. Null where nobody can say; never a personnummer.
 */
export type Rejection = { line: number; reasons: RejectionReason[]; external_id: string | null };

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
export function judgeRow({ fields, fault }: Omit<MemberRecord, 'line'>, rules: RowRules): Judgement {
  // Where its fields are not what they seem, or it is nobody, nothing more can be said of it.
  if (fault === 'stray_quote') return { row: nobody, reasons: [fault], knownId: knownId(fields, rules) };
  if (fault === 'not_a_member') return { row: nobody, reasons: [fault], knownId: null };
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
  return { row, reasons: [...reasons], knownId: knownId(fields, rules) };
}

const nobody: JudgedRow = {
  externalId: '',
  givenName: null,
  familyName: null,
  birthDate: null,
  email: null,
  phone: null,
  personnummer: null,
};

/** Stored as they are, so none of them may hold a number. A birth date that holds one is no date. */
const clearColumns = ['external_id', 'given_name', 'family_name', 'email', 'phone'] as const;

function fieldOf(fields: string[], { layout }: RowRules, name: FieldName): string {
  const text = cleanField(fields[layout.positions[name] ?? -1] ?? '');
  return isNothing(text) ? '' : text;
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
function knownId(fields: string[], rules: RowRules): string | null {
  const { layout, acceptsSynthetic } = rules;
  if (fields.length !== layout.width && layout.positions.external_id !== 0) return null;
  const text = fieldOf(fields, rules, 'external_id');
  const id = isStorable(text) ? readExternalId(text) : undefined;
  return id && !holdsNumber(id, { synthetic: acceptsSynthetic }) ? id : null;
}
