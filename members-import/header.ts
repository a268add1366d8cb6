import { createReadStream } from 'node:fs';
import { decodeText, type Encoding } from './encoding.ts';
import { ImportError } from './errors.ts';
import { type FieldName, fieldNames, foldName, type Mapping } from './mapping.ts';
import { printable } from './printable.ts';
import { cleanField } from './read-fields.ts';
import { type CsvRecord, createSplitter, readRecords } from './read-records.ts';

/** What stands above the members: the names of the columns, and how many records there are to the last of them. */
export type Header = { names: string[]; records: number };

const delimiters = [',', ';', '\t', '|'] as const;
/** Excel's own first line: it names the delimiter, for Excel. */
const separatorLine = /^"?sep=([;,|\t])"?$/i;
const farEnough = 64 * 1024;

/**
 * The delimiter that the first line names (`sep=;`), or the one with which the header has most of the columns that are looked for,
 * and then most columns.
 *
 * @returns the comma where there is none
 */
export async function detectDelimiter(path: string, encoding: Encoding, mapping: Mapping): Promise<string> {
  const text = await beginning(path, encoding);
  const line = text.split(/[\r\n]/).find((each) => /[^\s",;|]/.test(each)) ?? '';
  const named = separatorLine.exec(cleanField(line))?.[1];
  if (named !== undefined) return named;
  const wanted = fieldNames.map((field) => foldName(mapping.columns[field] ?? field));
  const readings = delimiters.map((delimiter) => {
    const splitter = createSplitter({ encoding, delimiter });
    const records = [...splitter.push(text), ...splitter.end()];
    const names = (records.find(({ fields }) => !isBlank(fields))?.fields ?? []).map(foldName);
    return { delimiter, found: wanted.filter((name) => names.includes(name)).length, width: names.length };
  });
  return readings.reduce((best, other) => {
    if (other.found !== best.found) return other.found > best.found ? other : best;
    return other.width > best.width ? other : best;
  }).delimiter;
}

async function beginning(path: string, encoding: Encoding): Promise<string> {
  let text = '';
  const chunks = createReadStream(path, { end: farEnough }) as AsyncIterable<Buffer>;
  for await (const piece of decodeText(chunks, encoding)) text += piece;
  return text;
}

/**
 * Reads the header: the first record that is neither blank nor Excel's `sep=;`. A cell of it may hold line breaks.
 *
 * @throws {ImportError} `header_unusable` where there is none, or its quotes do not end; those of `readRecords`
 */
export async function readHeader(path: string, form: { encoding: Encoding; delimiter: string }): Promise<Header> {
  let records = 0;
  for await (const portion of readRecords(path, form).records) {
    for (const record of portion) {
      records += 1;
      if (isBlank(record.fields) || isSeparatorLine(record.fields, form.delimiter)) continue;
      refuseStrayQuote(record, form.delimiter);
      return { names: record.fields, records };
    }
  }
  throw new ImportError('header_unusable', 'the file is empty');
}

function refuseStrayQuote({ line, fields, stray }: CsvRecord, delimiter: string): void {
  const holdsRows = fields.some((name) => /[\r\n]/.test(name) && name.includes(delimiter));
  if (!stray && !holdsRows) return;
  throw new ImportError('header_unusable', `the header on line ${line} has a quote that does not end there; mend it`);
}

/** The delimiter that the line names has cut it in two; white space around a field, such as a tab, is gone. */
export function isSeparatorLine(fields: string[], delimiter: string): boolean {
  if (!/^"?sep=/i.test(fields[0] ?? '')) return false;
  const line = fields.join(delimiter);
  return separatorLine.test(line) || /^sep=$/i.test(line);
}

/** Spreadsheets write rows that have nothing but delimiters; DOS ends a file with a character of its own. */
export function isBlank(fields: string[]): boolean {
  return fields.every((field) => field === '' || ['', '\u001A'].includes(cleanField(field)));
}

/** Where in a record each field stands. */
export type Layout = { width: number; positions: Partial<Record<FieldName, number>> };

/**
 * Finds the columns in the header; case and white space around names do not count. A column that the mapping does not name is
 * looked for under its own name and may be missing, except `external_id`; where the mapping has given a column of that name to
 * another field, it is missing.
 *
 * @throws {ImportError} `header_unusable`, with the names that are missing or there twice
 */
export function findColumns(header: string[], { columns }: Mapping): Layout {
  const names = header.map(foldName);
  const positions: Partial<Record<FieldName, number>> = {};
  const faults: string[] = [];
  const given = Object.values(columns).map(foldName);
  for (const field of fieldNames) {
    const wanted = foldName(columns[field] ?? field);
    const shown = printable(wanted) ?? 'what the mapping says';
    const isMapped = columns[field] !== undefined;
    const at = isMapped || !given.includes(wanted) ? names.indexOf(wanted) : -1;
    if (at >= 0) positions[field] = at;
    else if (isMapped || field === 'external_id') faults.push(`no column is called ${shown}`);
    if (at >= 0 && at !== names.lastIndexOf(wanted)) faults.push(`several columns are called ${shown}`);
  }
  if (faults.length === 0) return { width: header.length, positions };
  throw new ImportError('header_unusable', `${faults.join('; ')} (name the columns in a mapping file)`);
}

/**
 * Says which columns are used and which are not, before anything is imported.
 *
 * @returns `Columns used: external_id (Medlemsnr), phone. Ignored: Fornavn.`; names that may be a row's data are only counted
 */
export function describeColumns(header: string[], { positions }: Layout): string {
  const used = fieldNames.flatMap((field) => {
    const at = positions[field];
    if (at === undefined) return [];
    const name = printable(header[at] ?? '');
    return name === undefined || foldName(name) === field ? [field] : [`${field} (${name})`];
  });
  const taken = Object.values(positions);
  const ignored = header.filter((_, at) => !taken.includes(at)).map(printable);
  const shown = ignored.filter((name) => name !== undefined && name !== '');
  const hidden = ignored.length - shown.length;
  if (hidden > 0) shown.push(`${hidden} without a name that can be shown`);
  return `Columns used: ${used.join(', ')}.${shown.length > 0 ? ` Ignored: ${shown.join(', ')}.` : ''}`;
}
