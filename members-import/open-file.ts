import { createHash } from 'node:crypto';
import type { Encoding } from '../runtime/csv/encoding.ts';
import { detectDelimiter, type Header, readHeader } from '../runtime/csv/header.ts';
import { type FileFacts, inspectFile } from '../runtime/csv/inspect-file.ts';
import { type RecordReader, readRecords } from '../runtime/csv/read-records.ts';
import type { Arguments } from './arguments.ts';
import { describeColumns, findColumns, type Layout } from './header.ts';
import { fieldNames, type Mapping, readMapping } from './mapping.ts';
import { type FileSurvey, surveyRecords } from './member-records.ts';

/** What is known of a file before its first row. */
export type OpenFile = {
  path: string;
  facts: FileFacts;
  delimiter: string;
  header: Header;
  layout: Layout;
  mapping: Mapping;
  survey: FileSurvey;
};

const delimiterNames: Record<string, string> = { ';': 'semicolons', ',': 'commas', '\t': 'tabs', '|': 'bars' };

/** Counted up when rows are counted or judged in another way: an import that an older program began is then begun anew. */
const READING = 3;

/**
 * Finds out how to read a file, says it, and reads it through, so that what stops the import stops it before it begins.
 *
 * @throws {ImportError} where the file, its header or the mapping is not usable
 */
export async function openFile(options: Arguments, say: (line: string) => void): Promise<OpenFile> {
  const mapping = await readMapping(options.mappingFile);
  const facts = await inspectFile(options.file, mapping.encoding);
  const { encoding } = facts;
  const delimiter = mapping.delimiter ?? (await detectDelimiter(options.file, encoding, columnsOf(mapping)));
  const mark = facts.byteOrderMark ? ' with byte order mark' : '';
  const guess = mapping.encoding === undefined && !facts.byteOrderMark ? (guesses[encoding] ?? '') : '';
  say(`The file is ${encoding}${mark}${guess}, with ${delimiterNames[delimiter]} between the fields.`);
  const header = await readHeader(options.file, { encoding, delimiter });
  const layout = findColumns(header.names, mapping);
  say(describeColumns(header.names, layout));
  const opened = { path: options.file, facts, delimiter, header, layout, mapping };
  return { ...opened, survey: await surveyRecords(recordsOf(opened).records, opened) };
}

/** The columns that are looked for, as the file may call them. */
const columnsOf = ({ columns }: Mapping) => fieldNames.map((field) => columns[field] ?? field);

const guesses: Partial<Record<Encoding, string>> = {
  'windows-1252': ' (it is not UTF-8)',
  cp850: ' (it is not UTF-8; its letters are those of DOS)',
  cp865: ' (it is not UTF-8; its letters are those of DOS)',
  macintosh: ' (it is not UTF-8; its letters are those of old Macs)',
  'utf-16le': ' (every other byte is zero)',
  'utf-16be': ' (every other byte is zero)',
};

/** Reads the records of a file, header and all. */
export function recordsOf({ path, facts, delimiter, layout, mapping }: Omit<OpenFile, 'survey'>): RecordReader {
  return readRecords(path, {
    encoding: facts.encoding,
    delimiter,
    layout: { width: layout.width, idAt: layout.positions.external_id ?? 0 },
    lineBreaksInFields: mapping.lineBreaksInFields,
  });
}

/** The same bytes read with the same settings are the same import, wherever the file lies. */
export function fingerprint(
  { facts, delimiter, layout, mapping }: OpenFile,
  { dropBadNumbers, readmit }: Arguments,
): string {
  const settings = [READING, facts.digest, facts.encoding, delimiter, layout, mapping, dropBadNumbers, readmit];
  return createHash('sha256').update(JSON.stringify(settings)).digest('hex');
}
