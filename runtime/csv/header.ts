import { createReadStream } from 'node:fs';
import { cleanField } from './clean-fields.ts';
import { decodeText, type Encoding } from './encoding.ts';
import { ImportError } from './errors.ts';
import { type CsvRecord, createSplitter, readRecords } from './read-records.ts';

/** What stands above the rows: the names of the columns, and how many records there are to the last of them. */
export type Header = { names: string[]; records: number };

const delimiters = [',', ';', '\t', '|'] as const;
/** Excel's own first line: it names the delimiter, for Excel. */
const separatorLine = /^"?sep=([;,|\t])"?$/i;
const farEnough = 64 * 1024;

/**
 * The delimiter that the first line names (`sep=;`), or the one with which the header has most of the columns that are looked for,
 * and then most columns.
 *
 * @param columns the names that are looked for
 * @returns the comma where there is none
 */
export async function detectDelimiter(path: string, encoding: Encoding, columns: readonly string[]): Promise<string> {
  const text = await beginning(path, encoding);
  const line = text.split(/[\r\n]/).find((each) => /[^\s",;|]/.test(each)) ?? '';
  const named = separatorLine.exec(cleanField(line))?.[1];
  if (named !== undefined) return named;
  const wanted = columns.map(foldName);
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

/** Names of columns are the same whatever their case, their white space, line breaks too, and what cannot be seen. */
export function foldName(name: string): string {
  return cleanField(name).replaceAll(/\s+/g, ' ').toLowerCase();
}
