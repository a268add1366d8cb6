/** One line of the file as an invoice, or why it is none. Formats and control digits are judged here; the database holds the same checks. */
import { cleanField, isNothing, readExternalId } from '../runtime/csv/clean-fields.ts';

/** The columns; their names in the file, whatever their case. */
export const columnNames = [
  'invoice_number',
  'member',
  'amount',
  'due_date',
  'kid',
  'document_reference',
  'description',
] as const;
export type ColumnName = (typeof columnNames)[number];

/** Those that a file must have. */
export const neededColumns: readonly ColumnName[] = ['invoice_number', 'member', 'amount', 'due_date', 'description'];

/** Why a line is not issued. Written to the file of rejected lines; docs/invoices.md explains each. */
export type LineReason =
  | 'wrong_number_of_fields'
  | 'stray_quote'
  | 'invoice_number_unusable'
  | 'member_unusable'
  | 'amount_unusable'
  | 'due_date_unusable'
  | 'due_date_past'
  | 'kid_unusable'
  | 'reference_missing'
  | 'reference_unusable'
  | 'description_unusable'
  | 'number_in_field';

/** An invoice as the database takes it. */
export type InvoiceLine = {
  line: number;
  invoice_number: string;
  /** The member's number in the member system. */
  member: string;
  amount_ore: number;
  /** yyyy-mm-dd */
  due_date: string;
  kid: string | null;
  document_reference: string | null;
  description: string;
};

/** @param fields by column; what the file has no column for is missing @param today yyyy-mm-dd, in Norway */
export function judgeLine(
  line: number,
  fields: Partial<Record<ColumnName, string>>,
  today: string,
): InvoiceLine | LineReason[] {
  const value = (name: ColumnName): string => {
    const text = cleanField(fields[name] ?? '');
    return isNothing(text) ? '' : text;
  };
  const reasons: LineReason[] = [];
  const invoiceNumber = value('invoice_number');
  if (!/^[A-Za-z0-9-]{1,40}$/.test(invoiceNumber)) reasons.push('invoice_number_unusable');
  const member = readExternalId(value('member')) ?? '';
  if (member === '') reasons.push('member_unusable');
  const amount = readAmount(value('amount'));
  if (amount === null) reasons.push('amount_unusable');
  const dueDate = readDueDate(value('due_date'));
  if (dueDate === null) reasons.push('due_date_unusable');
  else if (dueDate < today) reasons.push('due_date_past');
  const kid = value('kid') || null;
  if (kid !== null && !isKid(kid)) reasons.push('kid_unusable');
  const reference = value('document_reference') || null;
  if (kid === null && reference === null) reasons.push('reference_missing');
  if ((reference?.length ?? 0) > 100) reasons.push('reference_unusable');
  const description = value('description');
  if (description === '' || description.length > 100) reasons.push('description_unusable');
  if ([invoiceNumber, reference ?? '', description].some(mayHoldNumber)) reasons.push('number_in_field');
  if (reasons.length > 0 || amount === null || dueDate === null) return reasons;
  return {
    line,
    invoice_number: invoiceNumber,
    member,
    amount_ore: amount,
    due_date: dueDate,
    kid,
    document_reference: reference,
    description,
  };
}

/** Kroner with at most two decimals after a comma or a point, and spaces between thousands: `1 250,50`. @returns øre */
export function readAmount(text: string): number | null {
  const [, kroner, decimals = ''] = /^(\d{1,3}(?:[\s\u00A0\u202F]\d{3})*|\d{1,7})(?:[.,](\d{2}))?$/u.exec(text) ?? [];
  if (kroner === undefined) return null;
  const ore = Number(kroner.replaceAll(/\D/g, '')) * 100 + Number(decimals || '0');
  return ore >= 1 && ore <= 100_000_000 ? ore : null;
}

/** `2026-12-31` or `31.12.2026`, a day of the calendar. @returns yyyy-mm-dd */
function readDueDate(text: string): string | null {
  const iso = /^\d{4}-\d{2}-\d{2}$/.test(text) ? text : text.replace(/^(\d{2})\.(\d{2})\.(\d{4})$/, '$3-$2-$1');
  if (!/^\d{4}-\d{2}-\d{2}$/.test(iso)) return null;
  const date = new Date(`${iso}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(iso) ? iso : null;
}

/**
 * KID: 2 to 25 digits, the last a control digit by modulus 10 (Luhn) or modulus 11 (weights 2 to 7 from the right; a hyphen stands for 10).
 * Which of the two the organisation has agreed with its bank is not known here.
 */
export function isKid(text: string): boolean {
  if (!/^\d{1,24}[\d-]$/.test(text)) return false;
  const digits = [...text.slice(0, -1)].reverse().map(Number);
  const last = text.slice(-1);
  const doubled = digits.map((digit, at) => (at % 2 === 0 ? digit * 2 - (digit > 4 ? 9 : 0) : digit));
  const ten = last !== '-' && (sum(doubled) + Number(last)) % 10 === 0;
  const eleven =
    (sum(digits.map((digit, at) => digit * (2 + (at % 6)))) + (last === '-' ? 10 : Number(last))) % 11 === 0;
  return ten || eleven;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0);

/** Eleven digits as people write a personnummer: in one, or 6 and 5. The database looks closer, and would refuse the whole portion. */
function mayHoldNumber(text: string): boolean {
  return /\d{6}\D{0,3}\d{3}[ ./-]?\d{2}/.test(text) || text.replaceAll(/\D/g, '').length >= 11;
}
