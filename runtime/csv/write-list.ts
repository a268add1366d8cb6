import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { stringify } from 'csv-stringify/sync';
import { notWritable, refuseForeign, unfinished } from './list-places.ts';

/**
 * Writes a CSV file page by page, complete or not at all; only its owner can read it. Without any line there is no file, and
 * one that an earlier import left is removed.
 *
 * @returns how many lines there are under the header
 * @throws {ImportError} `list_not_ours`, `list_not_writable`, and what the lines throw
 */
export async function writeList(path: string, header: string, lines: AsyncIterable<string>): Promise<number> {
  let count = 0;
  async function* text() {
    for await (const line of lines) {
      if (count === 0) yield `${header}\n`;
      count += 1;
      yield `${line}\n`;
    }
  }
  const part = unfinished(path);
  try {
    await pipeline(Readable.from(text()), createWriteStream(part, { mode: 0o600, flags: 'wx' }));
    // The rows have taken their time: what stands there now need not be what stood there before the first one.
    await refuseForeign(path, header);
    if (count > 0) await rename(part, path);
    else await rm(path, { force: true });
  } catch (cause) {
    throw notWritable(path, cause);
  } finally {
    await rm(part, { force: true });
  }
  return count;
}

/** Reads a list that comes in pages. @param next the page after an item; undefined: the first */
export async function* inPages<T>(next: (last: T | undefined) => Promise<T[]>): AsyncGenerator<T> {
  let last: T | undefined;
  for (;;) {
    const page = await next(last);
    yield* page;
    last = page.at(-1);
    if (last === undefined) return;
  }
}

/** A field of a CSV file (RFC 4180). A spreadsheet would run what begins like a formula, so such a field is marked as text. */
export function csvField(text: string): string {
  return stringify([[text]], { eof: false, escape_formulas: true, quoted_match: [/['\r\n]/, /^[=+\-@\t＝＋－＠]/] });
}
