import { readFile } from 'node:fs/promises';
import { ImportError } from './errors.ts';
import { isCallingCode } from './read-phone.ts';

/** What a column of the file can be. */
export const fieldNames = [
  'external_id',
  'given_name',
  'family_name',
  'birth_date',
  'email',
  'phone',
  'personnummer',
] as const;
export type FieldName = (typeof fieldNames)[number];

/** How the file says things; as in the mapping file, which may leave any of it out. */
export type Mapping = {
  /** The file's name of a column. */
  columns: Partial<Record<FieldName, string>>;
  delimiter?: string;
  /** Order of day, month and year; default `yyyy-mm-dd`. */
  birthDate: BirthDateFormat;
  /** Added to phone numbers that have no country code. */
  countryCode: string;
};

export const birthDateFormats = ['yyyy-mm-dd', 'dd.mm.yyyy', 'dd/mm/yyyy', 'yyyymmdd'] as const;
export type BirthDateFormat = (typeof birthDateFormats)[number];

const defaults: Mapping = { columns: {}, birthDate: 'yyyy-mm-dd', countryCode: '47' };

/**
 * Reads a mapping file: JSON with `columns`, `delimiter`, `birthDate`, `countryCode`.
 *
 * @throws {ImportError} `mapping_invalid`, with what is wrong
 */
export async function readMapping(path: string | undefined): Promise<Mapping> {
  if (path === undefined) return defaults;
  let parsed: unknown;
  try {
    parsed = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new ImportError('mapping_invalid', `the mapping file cannot be read as JSON: ${path}`, { cause });
  }
  const faults = judge(parsed);
  if (faults.length > 0) throw new ImportError('mapping_invalid', `the mapping file: ${faults.join('; ')}`);
  return { ...defaults, ...(parsed as Partial<Mapping>) };
}

function judge(parsed: unknown): string[] {
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return ['must be an object'];
  const { columns = {}, delimiter, birthDate, countryCode, ...unknown } = parsed as Record<string, unknown>;
  const faults = Object.keys(unknown).map((name) => `${name} is unknown`);
  if (typeof columns !== 'object' || columns === null) faults.push('columns must be an object');
  else {
    for (const [name, column] of Object.entries(columns)) {
      if (!fieldNames.some((known) => known === name)) faults.push(`columns.${name} is unknown`);
      else if (typeof column !== 'string' || column === '') faults.push(`columns.${name} must name a column`);
    }
  }
  if (delimiter !== undefined && !(typeof delimiter === 'string' && /^[;,|\t]$/.test(delimiter)))
    faults.push('delimiter must be one of ; , | and tab');
  if (birthDate !== undefined && !birthDateFormats.some((known) => known === birthDate))
    faults.push(`birthDate must be one of ${birthDateFormats.join(', ')}`);
  if (countryCode !== undefined && !(typeof countryCode === 'string' && isCallingCode(countryCode)))
    faults.push('countryCode must be the calling code of a country, such as 47');
  return faults;
}

/** Where in a record each field stands. */
export type Layout = { width: number; positions: Partial<Record<FieldName, number>> };

/**
 * Finds the columns in the header; case and white space around names do not count. A column that the mapping does not name is
 * looked for under its own name and may be missing, except `external_id`.
 *
 * @throws {ImportError} `header_unusable`, with the names that are missing or there twice
 */
export function findColumns(header: string[], { columns }: Mapping): Layout {
  const names = header.map(fold);
  const positions: Partial<Record<FieldName, number>> = {};
  const faults: string[] = [];
  for (const field of fieldNames) {
    const wanted = fold(columns[field] ?? field);
    const at = names.indexOf(wanted);
    if (at >= 0) positions[field] = at;
    else if (columns[field] !== undefined || field === 'external_id') faults.push(`no column is called ${wanted}`);
    if (at !== names.lastIndexOf(wanted)) faults.push(`several columns are called ${wanted}`);
  }
  if (faults.length === 0) return { width: header.length, positions };
  throw new ImportError('header_unusable', `${faults.join('; ')} (name the columns in a mapping file)`);
}

const fold = (name: string) => name.trim().toLowerCase();
