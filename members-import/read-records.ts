import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { CsvError, type Options, type Parser, parse } from 'csv-parse';
import { ImportError } from './errors.ts';
import type { Encoding } from './inspect-file.ts';

/** One record of the file. Blank fields are empty texts; white space around a field is dropped. */
export type CsvRecord = { line: number; fields: string[] };

export type RecordReader = {
  records: AsyncIterable<CsvRecord>;
  /** Bytes of the file that have been taken in; a little ahead of the records. */
  bytesRead(): number;
};

/** A row longer than this is no row of members, in characters. */
const LONGEST_RECORD = 64 * 1024;

/**
 * Reads a CSV file (RFC 4180, with any of comma, semicolon and tab between the fields and any kind of line end) record by
 * record. The header is the first one. A quote in the middle of a field is taken as it is.
 *
 * @throws {ImportError} while iterating: `quote_not_closed` and `row_too_long` with the line, `file_unreadable`
 */
export function readRecords(path: string, options: { encoding: Encoding; delimiter: string }): RecordReader {
  const file = createReadStream(path, { highWaterMark: 256 * 1024 });
  const position: Position = { line: 0, countedTwice: 0 };
  const settings: Options<CsvRecord, string[]> = {
    delimiter: options.delimiter,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: LONGEST_RECORD,
    on_record: (fields, { lines }) => toRecord(fields, lines, position),
  };
  // Its types know records that are made into something else only where the file's columns are named.
  const parser = parse(settings as object) as QuoteAwareParser;
  // Errors of every part reach the loop below through the parser.
  pipeline(
    file,
    (chunks: AsyncIterable<Buffer>) => decode(chunks, options.encoding),
    parser,
    () => undefined,
  );
  return { records: untilBroken(parser, position, path), bytesRead: () => file.bytesRead };
}

async function* decode(chunks: AsyncIterable<Buffer>, encoding: Encoding): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding);
  for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true });
  yield decoder.decode();
}

/** Where the parser is in the file, which is ahead of the records that have been taken from it. */
type Position = { line: number; countedTwice: number };

/** The parser counts a CRLF within quotes as two lines. */
function toRecord(fields: string[], lines: number, position: Position): CsvRecord {
  position.countedTwice += count(fields, /\r\n/g);
  position.line = lines - position.countedTwice;
  return { line: position.line - count(fields, /\r\n|\n|\r/g), fields: fields.map((field) => field.trim()) };
}

function count(fields: string[], pattern: RegExp): number {
  return fields.reduce((sum, field) => sum + (field.match(pattern)?.length ?? 0), 0);
}

/** Its types leave out where it stands, and its errors tell only of quotes that have ended. */
type QuoteAwareParser = Parser & { state: { quoting: boolean } };

async function* untilBroken(parser: QuoteAwareParser, position: Position, path: string): AsyncGenerator<CsvRecord> {
  try {
    yield* parser;
  } catch (cause) {
    // Errors of the parser quote the file in their messages, and name the line on which it gave up.
    if (!(cause instanceof CsvError)) throw new ImportError('file_unreadable', `the file cannot be read: ${path}`);
    const row = `the row that begins near line ${position.line + 1}`;
    if (cause.code === 'CSV_MAX_RECORD_SIZE' && !parser.state.quoting) {
      throw new ImportError('row_too_long', `${row} is longer than 64 KiB; mend the file and start again`);
    }
    throw new ImportError('quote_not_closed', `a quoted field in ${row} does not end; mend the file and start again`);
  }
}
