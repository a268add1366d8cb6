import { createReadStream } from 'node:fs';
import { ImportError } from './errors.ts';
import type { Encoding } from './inspect-file.ts';
import { readRecords } from './read-records.ts';

/** What stands above the members: the names of the columns, and how many records there are to the last of them. */
export type Header = { names: string[]; records: number };

/** Excel's own first line: it names the delimiter, for Excel. */
const separatorLine = /^"?sep=([;,|\t])"?$/i;
const farEnough = 64 * 1024;

/**
 * The delimiter that the first line names (`sep=;`), or that it has most of, outside quotes. Blank lines do not count.
 *
 * @returns the comma where there is none
 */
export async function detectDelimiter(path: string, encoding: Encoding): Promise<string> {
  const lines = (await beginning(path, encoding)).split(/[\r\n]/);
  const line = lines.find((each) => /[^\s",;|]/.test(each)) ?? '';
  const named = separatorLine.exec(line.trimStart())?.[1];
  if (named !== undefined) return named;
  const plain = line.replaceAll(/"[^"]*"/g, '');
  const counts = [';', ',', '\t'].map((each) => ({ each, count: plain.split(each).length - 1 }));
  return counts.reduce((best, other) => (other.count > best.count ? other : best)).each;
}

async function beginning(path: string, encoding: Encoding): Promise<string> {
  const decoder = new TextDecoder(encoding);
  let text = '';
  const chunks = createReadStream(path, { end: farEnough }) as AsyncIterable<Buffer>;
  for await (const chunk of chunks) text += decoder.decode(chunk, { stream: true });
  return text;
}

/**
 * Reads the header: the first record that is neither blank nor Excel's `sep=;`.
 *
 * @throws {ImportError} `header_unusable` where there is none; those of `readRecords`
 */
export async function readHeader(path: string, form: { encoding: Encoding; delimiter: string }): Promise<Header> {
  let records = 0;
  for await (const { fields } of readRecords(path, form).records) {
    records += 1;
    if (!isBlank(fields) && !isSeparatorLine(fields, form.delimiter)) return { names: fields, records };
  }
  throw new ImportError('header_unusable', 'the file is empty');
}

/** The delimiter that the line names has cut it in two; white space around a field, such as a tab, is gone. */
function isSeparatorLine(fields: string[], delimiter: string): boolean {
  const line = fields.join(delimiter);
  return separatorLine.test(line) || /^sep=$/i.test(line);
}

/** Spreadsheets write rows that have nothing but delimiters. */
export function isBlank(fields: string[]): boolean {
  return fields.every((field) => field === '');
}
