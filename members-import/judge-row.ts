import type { Personnummer } from '../personnummer/personnummer.ts';
import { readPersonnummer } from '../personnummer/validate.ts';
import { cleanField, isNothing, readExternalId } from '../runtime/csv/clean-fields.ts';
import type { Layout } from './header.ts';
import type { FieldName } from './mapping.ts';
import type { MemberRecord } from './member-records.ts';
import {
  type AmountUnit,
  type BirthDateFormat,
  readAmount,
  readDate,
  readDay,
  readEmail,
  readName,
  readPhone,
  readYear,
} from './read-fields.ts';
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
  'municipality_unusable',
  'address_unusable',
  'postal_code_unusable',
  'chapter_unusable',
  'member_since_unusable',
  'member_until_unusable',
  'dues_year_unusable',
  'dues_paid_on_unusable',
  'dues_amount_unusable',
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
  amounts: AmountUnit;
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
  /** As the file has it; the database knows municipalities. */
  municipality: string | null;
  address: string | null;
  postalCode: string | null;
  chapter: string | null;
  /** First and last day, `YYYY-MM-DD`. */
  memberSince: string | null;
  memberUntil: string | null;
  duesYear: number | null;
  /** `YYYY-MM-DD` */
  duesPaidOn: string | null;
  /** In øre. */
  duesAmount: number | null;
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
  municipality: null,
  address: null,
  postalCode: null,
  chapter: null,
  memberSince: null,
  memberUntil: null,
  duesYear: null,
  duesPaidOn: null,
  duesAmount: null,
};

/** Stored as they are, so none of them may hold a number. A birth date that holds one is no date. */
const clearColumns = [
  'external_id',
  'given_name',
  'family_name',
  'email',
  'phone',
  'municipality',
  'address',
  'postal_code',
  'chapter',
] as const;

function fieldOf(fields: string[], { layout }: RowRules, name: FieldName): string {
  const text = cleanField(fields[layout.positions[name] ?? -1] ?? '');
  return isNothing(text) ? '' : text;
}

function readClearColumns(fields: string[], rules: RowRules, reasons: Set<RejectionReason>) {
  const read = <Value>(name: FieldName, reason: RejectionReason, parse: (text: string) => Value | undefined) => {
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
    ...readMembership(read, rules, reasons),
  };
}

type Read = <Value>(
  name: FieldName,
  reason: RejectionReason,
  parse: (text: string) => Value | undefined,
) => Value | null;

/** What grants ask about. A sum says for which year it is, and nobody leaves before having come. */
function readMembership(read: Read, { birthDate, amounts }: RowRules, reasons: Set<RejectionReason>) {
  const day = (text: string) => readDay(text, birthDate);
  const row = {
    municipality: read('municipality', 'municipality_unusable', readName),
    address: read('address', 'address_unusable', readName),
    postalCode: read('postal_code', 'postal_code_unusable', (text) => (text.length <= 20 ? readName(text) : undefined)),
    chapter: read('chapter', 'chapter_unusable', readName),
    memberSince: read('member_since', 'member_since_unusable', day),
    memberUntil: read('member_until', 'member_until_unusable', day),
    duesYear: read('dues_year', 'dues_year_unusable', readYear),
    duesPaidOn: read('dues_paid_on', 'dues_paid_on_unusable', (text) => readDate(text, birthDate)),
    duesAmount: read('dues_amount', 'dues_amount_unusable', (text) => readAmount(text, amounts)),
  };
  if (row.memberSince !== null && row.memberUntil !== null && row.memberUntil < row.memberSince) {
    reasons.add('member_until_unusable');
  }
  if (row.duesAmount !== null && row.duesYear === null) reasons.add('dues_year_unusable');
  return row;
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
