import { createHash } from 'node:crypto';
import type { Arguments } from './arguments.ts';
import { refuseBrokenUtf8 } from './broken-utf8.ts';
import { describeColumns, findColumns, type Layout } from './columns.ts';
import { detectDelimiter, type Header, readHeader } from './header.ts';
import { type FileFacts, inspectFile } from './inspect-file.ts';
import { type Mapping, readMapping } from './mapping.ts';

/** What is known of a file before its first row. */
export type OpenFile = {
  path: string;
  facts: FileFacts;
  delimiter: string;
  header: Header;
  layout: Layout;
  mapping: Mapping;
};

const delimiterNames: Record<string, string> = { ';': 'semicolons', ',': 'commas', '\t': 'tabs', '|': 'bars' };

/** Counted up when rows are counted or judged in another way: an import that an older program began is then begun anew. */
const READING = 2;

/**
 * Finds out how to read a file, and says it.
 *
 * @throws {ImportError} where the file, its header or the mapping is not usable
 */
export async function openFile(options: Arguments, say: (line: string) => void): Promise<OpenFile> {
  const mapping = await readMapping(options.mappingFile);
  const facts = await inspectFile(options.file);
  const { encoding } = facts;
  if (encoding === 'windows-1252') await refuseBrokenUtf8(options.file);
  const delimiter = mapping.delimiter ?? (await detectDelimiter(options.file, encoding));
  const mark = facts.byteOrderMark ? ' with byte order mark' : '';
  const guess = encoding === 'windows-1252' ? ' (it is not UTF-8)' : '';
  say(`The file is ${encoding}${mark}${guess}, with ${delimiterNames[delimiter]} between the fields.`);
  const header = await readHeader(options.file, { encoding, delimiter });
  const layout = findColumns(header.names, mapping);
  say(describeColumns(header.names, layout));
  return { path: options.file, facts, delimiter, header, layout, mapping };
}

/** The same bytes read with the same settings are the same import, wherever the file lies. */
export function fingerprint({ facts, delimiter, layout, mapping }: OpenFile, { dropBadNumbers }: Arguments): string {
  const settings = [READING, facts.digest, facts.encoding, delimiter, layout, mapping, dropBadNumbers];
  return createHash('sha256').update(JSON.stringify(settings)).digest('hex');
}
