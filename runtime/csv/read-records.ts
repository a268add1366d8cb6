import { createReadStream } from 'node:fs';
import { cleanId, idForm } from './clean-fields.ts';
import { decodeText, type Encoding } from './encoding.ts';
import { ImportError } from './errors.ts';

// csv-parse cannot be used here: it takes a quote at the start of a field as quoting for as long as no other quote comes, and what it
// has taken in by then it does not give back. A record with a stray quote swallowed the members after it, or, where the parser is
// strict, ended the file. Here each quoted field that spans lines is looked at before it is believed. For files as RFC 4180
// wants them, test/members-import/records.test.ts holds the two against each other.

/** One record of the file. Blank fields are empty texts; white space around a field is dropped. */
export type CsvRecord = {
  line: number;
  fields: string[];
  /** A quote in it is no quoting, so nobody knows where its fields end; they are what stands between the delimiters of its line. */
  stray?: true;
};

export type RecordReader = {
  /** In portions, because a million single promises take longer than reading. */
  records: AsyncIterable<CsvRecord[]>;
  /** Bytes of the file that have been taken in; a little ahead of the records. */
  bytesRead(): number;
};

export type RecordForm = {
  encoding: Encoding;
  delimiter: string;
  /** Columns of the header, and which of them is the id; undefined while the header is read, which may hold line breaks. */
  layout?: { width: number; idAt: number } | undefined;
  /** What the mapping says: `false`: each line is a row; `true`: quotes are always what they seem. */
  lineBreaksInFields?: boolean | undefined;
};

/** A row longer than this is no row of members, in characters. */
const LONGEST_RECORD = 1024 * 1024;
/** So much of it is looked at, in characters, to tell a very long field from a quote that is none. */
const ENOUGH_TO_TELL = 64 * 1024;

/**
 * Reads a CSV file (RFC 4180, any delimiter, any kind of line end, white space around quotes) record by record. The header is
 * the first one. A quote in the middle of a field is taken as it is.
 *
 * @throws {ImportError} while iterating: `quote_unclear` and `row_too_long` with the line, `file_unreadable`
 */
export function readRecords(path: string, form: RecordForm): RecordReader {
  const file = createReadStream(path, { highWaterMark: 256 * 1024 });
  async function* records() {
    const splitter = createSplitter(form);
    const texts = decodeText(file as AsyncIterable<Buffer>, form.encoding);
    try {
      for await (const text of texts) yield splitter.push(text);
    } catch (cause) {
      throw cause instanceof ImportError
        ? cause
        : new ImportError('file_unreadable', `the file cannot be read: ${path}`, { cause });
    }
    yield splitter.end();
  }
  return { records: records(), bytesRead: () => file.bytesRead };
}

/** Cuts text that comes in pieces into records. The pieces do not matter. */
export function createSplitter(form: RecordForm): { push(text: string): CsvRecord[]; end(): CsvRecord[] } {
  let text = '';
  let line = 1;
  function take(isEnd: boolean): CsvRecord[] {
    const found: CsvRecord[] = [];
    const reader = createRecordParser(text, form, isEnd);
    let at = 0;
    while (at < text.length) {
      const parsed = reader.recordAt(at, line);
      if (parsed === undefined) break;
      if (parsed.fields.length > 1 || parsed.fields[0] !== '') {
        found.push({ line, fields: parsed.fields, ...(parsed.stray && { stray: true as const }) });
      }
      at = parsed.next;
      line += parsed.lines;
    }
    text = text.slice(at);
    return found;
  }
  return {
    push(piece) {
      text += piece;
      return take(false);
    },
    end: () => take(true),
  };
}

type Parsed = { fields: string[]; stray: boolean; next: number; lines: number };

/** @param isEnd the text ends where the file does; else undefined is answered for what may go on in the next piece */
function createRecordParser(text: string, form: RecordForm, isEnd: boolean) {
  const { delimiter } = form;
  const lineAt = createLineFinder(text, isEnd);
  const nextQuote = createFinder(text, '"');

  /** Past what cannot be seen, and is no delimiter and no line end. */
  function pastBlank(at: number): number {
    let to = at;
    while (to < text.length && isBlankAt(text, to) && text[to] !== delimiter) to += 1;
    return to;
  }

  /** @returns where the quoted field ends that begins at a quote; `stray` where it is none; undefined: not in this piece */
  function closingQuote(opening: number): number | 'stray' | undefined {
    for (let at = opening + 1; ; at += 2) {
      at = text.indexOf('"', at);
      if (at < 0) return isEnd ? 'stray' : undefined;
      if (at + 1 === text.length && !isEnd) return undefined;
      if (text[at + 1] === '"') continue;
      const after = pastBlank(at + 1);
      if (after === text.length) return isEnd ? at : undefined;
      return text[after] === delimiter || text[after] === '\n' || text[after] === '\r' ? at : 'stray';
    }
  }

  const plainFields = (start: number, end: number) =>
    text
      .slice(start, end)
      .split(delimiter)
      .map((field) => field.trim());

  /** The record as its quotes say, whatever they are worth. */
  function quotedRecord(start: number): (Parsed & { spans: string[]; allQuoted: boolean }) | 'stray' | undefined {
    const fields: string[] = [];
    const spans: string[] = [];
    let allQuoted = true;
    let lines = 1;
    for (let at = start; ; ) {
      const opening = pastBlank(at);
      let end: number;
      if (text[opening] === '"') {
        const closing = closingQuote(opening);
        if (typeof closing !== 'number') return closing;
        const inside = text.slice(opening + 1, closing);
        const breaks = countBreaks(inside);
        if (breaks > 0) spans.push(inside);
        lines += breaks;
        fields.push(inside.replaceAll('""', '"').trim());
        end = pastBlank(closing + 1);
      } else {
        const line = lineAt(at);
        if (line === undefined) return undefined;
        const stop = text.indexOf(delimiter, at);
        end = stop < 0 ? line.end : Math.min(stop, line.end);
        const field = text.slice(at, end).trim();
        if (field !== '') allQuoted = false;
        fields.push(field);
      }
      if (text[end] === delimiter) {
        at = end + 1;
        continue;
      }
      const line = lineAt(end);
      return line && { fields, stray: false, next: line.next, lines, spans, allQuoted };
    }
  }

  return {
    recordAt(start: number, lineNumber: number): Parsed | undefined {
      const line = lineAt(start);
      const isTooLong = text.length - start > LONGEST_RECORD;
      if (line === undefined) {
        if (isTooLong) throw tooLong(lineNumber);
        return undefined;
      }
      const alone = () => ({ fields: plainFields(start, line.end), stray: true, next: line.next, lines: 1 });
      if (nextQuote(start) >= line.end) return { ...alone(), stray: false };
      const record = quotedRecord(start);
      if (record === 'stray') return alone();
      if (record?.spans.length === 0) {
        return isGlued(record.fields.length, text.slice(start, line.end), form) ? alone() : record;
      }
      if (record === undefined && !isTooLong) return undefined;
      if (form.lineBreaksInFields === false) return alone();
      // What is between the quotes, or, where the second one is too far away, the beginning of it.
      const written = text.slice(start, record?.next ?? start + ENOUGH_TO_TELL);
      const verdict = record === undefined ? judgeOpenEnd(written, form) : judgeSpan(written, record, form);
      if (verdict === 'stray') return alone();
      if (verdict === 'record' && record !== undefined) {
        return { ...record, stray: isGlued(record.fields.length, written, form) };
      }
      if (verdict === 'record') throw tooLong(lineNumber);
      throw unclear(lineNumber, record);
    },
  };
}

function unclear(line: number, record: { lines: number } | undefined): ImportError {
  const end = record === undefined ? '' : ` and ends on line ${line + record.lines - 1}`;
  return new ImportError(
    'quote_unclear',
    `a quoted field begins on line ${line}${end}, and what is between looks like rows of their own; if a quote is too many or ` +
      'missing there, mend the file; else say "lineBreaksInFields" in a mapping file: true or false',
  );
}

function tooLong(line: number): ImportError {
  const row = `the row that begins on line ${line}`;
  return new ImportError(
    'row_too_long',
    `${row} is longer than 1 MiB, or a quote in it is not closed; mend it and start again`,
  );
}

/**
 * Whether a row is short and would not be if its quotes were none: `1;"Kari;Li";ring etter 16` may be a name too long and a note
 * in the wrong column. Then nobody knows which fields are missing.
 */
function isGlued(count: number, written: string, { delimiter, layout, lineBreaksInFields }: RecordForm): boolean {
  if (layout === undefined || lineBreaksInFields === true) return false;
  return count < layout.width && written.split(delimiter).length >= layout.width;
}

type Verdict = 'record' | 'stray' | 'unclear';

/**
 * Whether a record whose quotes span lines is one. A text with line breaks leaves lines that are no rows: they have too few
 * fields, or no delimiter at all. A quote that is none takes in whole rows.
 */
function judgeSpan(
  written: string,
  record: { fields: string[]; spans: string[]; allQuoted: boolean },
  form: RecordForm,
): Verdict {
  const { delimiter, layout } = form;
  if (layout === undefined || form.lineBreaksInFields === true) return 'record';
  const count = record.fields.length;
  if (record.allQuoted && count === layout.width) return 'record';
  const holdsDelimiter = record.spans.some((inside) => inside.includes(delimiter));
  if (!holdsDelimiter && layout.width > 1 && count <= layout.width) return 'record';
  const lines = rowsAmong(written, delimiter, layout);
  if (lines.slice(1).every((isRow) => !isRow)) return 'record';
  return count !== layout.width && lines.every((isRow) => isRow) ? 'stray' : 'unclear';
}

/** The same where the quote that should end the field is not near. */
function judgeOpenEnd(beginning: string, { delimiter, layout, lineBreaksInFields }: RecordForm): Verdict {
  if (layout === undefined || lineBreaksInFields === true) return 'record';
  const lines = rowsAmong(beginning, delimiter, layout).slice(1, -1);
  const rows = lines.filter((isRow) => isRow).length;
  if (rows === lines.length) return 'stray';
  return rows === 0 ? 'record' : 'unclear';
}

/** For each line, whether it would be a row by itself: with an id and as wide as the header, or shorter and with an id like the first. */
function rowsAmong(written: string, delimiter: string, { width, idAt }: { width: number; idAt: number }): boolean[] {
  const lines = written.replace(/(?:\r\n|\n|\r)$/, '').split(/\r\n|\n|\r/);
  const fields = lines.map((line) => line.split(delimiter));
  const form = idForm(fields[0]?.[idAt] ?? '');
  return fields.map((each) => {
    if (each.length === width) return cleanId(each[idAt] ?? '') !== '';
    return each.length > 1 && each.length < width && idForm(each[idAt] ?? '') === form;
  });
}

/** Finds where a line ends and the next one begins; undefined: not in this piece of the text. */
function createLineFinder(text: string, isEnd: boolean): (at: number) => { end: number; next: number } | undefined {
  const nextReturn = createFinder(text, '\r');
  const nextFeed = createFinder(text, '\n');
  return (at) => {
    const end = Math.min(nextReturn(at), nextFeed(at));
    if (end === text.length) return isEnd ? { end, next: end } : undefined;
    if (text[end] === '\n') return { end, next: end + 1 };
    if (end + 1 === text.length && !isEnd) return undefined;
    return { end, next: text[end + 1] === '\n' ? end + 2 : end + 1 };
  };
}

/** Finds the next place of a character, and remembers it. @returns the length of the text where there is none */
function createFinder(text: string, character: string): (from: number) => number {
  let known = { from: 0, at: -1 };
  return (from) => {
    if (from < known.from || from > known.at) {
      const at = text.indexOf(character, from);
      known = { from, at: at < 0 ? text.length : at };
    }
    return known.at;
  };
}

function countBreaks(text: string): number {
  return text.match(/\r\n|\n|\r/g)?.length ?? 0;
}

/** White space but line ends, and format characters such as a byte order mark. */
function isBlankAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code === 0x20 || code === 0x09) return true;
  return code > 0x7f && /[\p{White_Space}\p{Cf}]/u.test(text.charAt(at));
}
