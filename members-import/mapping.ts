import { readFile } from 'node:fs/promises';
import { type Encoding, encodings } from '../runtime/csv/encoding.ts';
import { ImportError } from '../runtime/csv/errors.ts';
import { foldName } from '../runtime/csv/header.ts';
import { printable } from '../runtime/csv/printable.ts';
import { type AmountUnit, amountUnits, type BirthDateFormat, birthDateFormats, isCallingCode } from './read-fields.ts';

/** What a column of the file can be. */
export const fieldNames = [
  'external_id',
  'given_name',
  'family_name',
  'birth_date',
  'email',
  'phone',
  'personnummer',
  'municipality',
  'address',
  'postal_code',
  'chapter',
  'member_since',
  'member_until',
  'dues_year',
  'dues_paid_on',
  'dues_amount',
] as const;
export type FieldName = (typeof fieldNames)[number];

/** How the file says things; as in the mapping file, which may leave any of it out. */
export type Mapping = {
  /** The file's name of a column. */
  columns: Partial<Record<FieldName, string>>;
  delimiter?: string;
  /** Where it cannot be found out. */
  encoding?: Encoding;
  /** `false`: each line is a row; `true`: quotes are always what they seem. Left out: it is found out, or the import stops. */
  lineBreaksInFields?: boolean;
  /** Order of day, month and year in every date; default `yyyy-mm-dd`. */
  birthDate: BirthDateFormat;
  /** Added to phone numbers that have no country code. */
  countryCode: string;
  /** What `dues_amount` is in: `øre` (whole numbers) or `kroner` (`350`, `350,00`). */
  amounts: AmountUnit;
};

const defaults: Mapping = { columns: {}, birthDate: 'yyyy-mm-dd', countryCode: '47', amounts: 'øre' };

/**
 * Reads a mapping file: JSON with `columns`, `delimiter`, `encoding`, `lineBreaksInFields`, `birthDate`, `countryCode`, `amounts`.
 *
 * @throws {ImportError} `mapping_invalid`, with what is wrong
 */
export async function readMapping(path: string | undefined): Promise<Mapping> {
  if (path === undefined) return defaults;
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw new ImportError('mapping_invalid', `there is no mapping file that can be read: ${path}`, { cause });
  });
  const parsed = parse(text, path);
  const faults = judge(parsed);
  if (faults.length > 0) throw new ImportError('mapping_invalid', `the mapping file: ${faults.join('; ')}`);
  return { ...defaults, ...(parsed as Partial<Mapping>) };
}

/** What Windows saves as UTF-8 begins with a byte order mark. */
function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new ImportError('mapping_invalid', `the mapping file is not JSON: ${path}`, { cause });
  }
}

function judge(parsed: unknown): string[] {
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return ['must be an object'];
  const {
    columns = {},
    delimiter,
    encoding,
    lineBreaksInFields,
    birthDate,
    countryCode,
    amounts,
    ...unknown
  } = parsed as Record<string, unknown>;
  const faults = Object.keys(unknown).map((name) => `${printable(name) ?? 'a name'} is unknown`);
  faults.push(...judgeColumns(columns));
  if (delimiter !== undefined && !(typeof delimiter === 'string' && /^[;,|\t]$/.test(delimiter)))
    faults.push('delimiter must be one of ; , | and tab');
  if (encoding !== undefined && !encodings.some((known) => known === encoding))
    faults.push(`encoding must be one of ${encodings.join(', ')}`);
  if (lineBreaksInFields !== undefined && typeof lineBreaksInFields !== 'boolean')
    faults.push('lineBreaksInFields must be true or false');
  if (birthDate !== undefined && !birthDateFormats.some((known) => known === birthDate))
    faults.push(`birthDate must be one of ${birthDateFormats.join(', ')}`);
  if (countryCode !== undefined && !(typeof countryCode === 'string' && isCallingCode(countryCode)))
    faults.push('countryCode must be the calling code of a country, such as 47');
  if (amounts !== undefined && !amountUnits.some((known) => known === amounts))
    faults.push(`amounts must be one of ${amountUnits.join(', ')}`);
  return faults;
}

function judgeColumns(columns: unknown): string[] {
  if (typeof columns !== 'object' || columns === null || Array.isArray(columns)) return ['columns must be an object'];
  const faults: string[] = [];
  const users = new Map<string, string>();
  for (const [name, column] of Object.entries(columns)) {
    if (!fieldNames.some((known) => known === name)) faults.push(`columns.${printable(name) ?? '...'} is unknown`);
    else if (typeof column !== 'string' || column.trim() === '') faults.push(`columns.${name} must name a column`);
    else {
      const user = users.get(foldName(column));
      if (user !== undefined) faults.push(`columns.${user} and columns.${name} are the same column`);
      users.set(foldName(column), name);
    }
  }
  return faults;
}
