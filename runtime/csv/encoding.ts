import { createReadStream } from 'node:fs';
import iconv from 'iconv-lite';
import { ImportError } from './errors.ts';

/** What Norwegian systems export, newest first. The last three are DOS and old Macs. */
export const encodings = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252', 'cp850', 'cp865', 'macintosh'] as const;
export type Encoding = (typeof encodings)[number];

/** Node.js knows no DOS code pages, iconv-lite does. */
export async function* decodeText(chunks: AsyncIterable<Buffer>, encoding: Encoding): AsyncGenerator<string> {
  if (encoding === 'cp850' || encoding === 'cp865') {
    // One byte is one letter, so chunks can be read one by one.
    for await (const chunk of chunks) yield iconv.decode(chunk, encoding);
    return;
  }
  const decoder = new TextDecoder(encoding);
  for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true });
  yield decoder.decode();
}

/**
 * Finds out what a file is that is not UTF-8 from its first byte to its last, by the letters that its bytes would be: in the right
 * encoding they stand where letters stand, in a wrong one there are signs, or capitals in the middle of words.
 *
 * @throws {ImportError} `encoding_unclear`: it is UTF-8 but for some bytes, with the line of the first of them; or no encoding, or more
 *   than one, makes sense of it. Nothing is read as what it only may be
 */
export async function recognizeEncoding(path: string): Promise<Encoding> {
  const counts = await countBytes(path);
  if (counts.whole > 0 && counts.whole >= counts.broken) {
    throw new ImportError(
      'encoding_unclear',
      `the file is UTF-8 but for some bytes, the first of them on line ${counts.line}; mend it and start again`,
    );
  }
  const readings = (['windows-1252', 'cp850', 'cp865', 'macintosh'] as const)
    .map((encoding) => ({ encoding, ...judge(counts.uses, encoding) }))
    .toSorted((one, other) => other.score - one.score);
  const [best, ...others] = readings as [(typeof readings)[0], ...typeof readings];
  const isCertain = others.every((other) => other.text === best.text || isUnlikely(other, best));
  if (best.score >= 0 && best.odd <= best.letters / 20 && isCertain) return best.encoding;
  throw new ImportError(
    'encoding_unclear',
    `the file is not UTF-8, and it cannot be told for certain what it is; it seems to be ${best.encoding}. Save it as UTF-8, or ` +
      `name its encoding in a mapping file: "encoding", one of ${encodings.join(', ')}`,
  );
}

type Reading = { score: number; odd: number; letters: number; text: string };

/** A few letters prove little: `Zoë` of a Mac is `Zoæ` in DOS. */
const enoughLetters = 20;

function isUnlikely(other: Reading, best: Reading): boolean {
  if (other.odd > other.letters / 20) return true;
  return best.score > 2 * other.score && (other.score <= 0 || best.letters >= enoughLetters);
}

/** How often a byte stands between what: its place is `byte`, what is before, what is after, each as {@link kindOf} says. */
type Uses = Map<number, number>;

async function countBytes(path: string): Promise<{ whole: number; broken: number; line: number; uses: Uses }> {
  const decoder = new TextDecoder('utf-8');
  const counts = { whole: 0, broken: 0, line: 1, uses: new Map<number, number>() };
  let endedInReturn = false;
  const look = (text: string) => {
    const at = text.indexOf('\uFFFD');
    if (counts.broken === 0) {
      const before = at < 0 ? text : text.slice(0, at);
      counts.line += before.match(/\r\n?|\n/g)?.length ?? 0;
      // A line end that two chunks share is one.
      if (endedInReturn && before.startsWith('\n')) counts.line -= 1;
      endedInReturn = text.endsWith('\r');
    }
    counts.broken += text.match(/\uFFFD/g)?.length ?? 0;
    counts.whole += text.match(/[^\0-\x7F\uFFFD]/gu)?.length ?? 0;
  };
  let [before, byte] = [0, 0];
  const see = (after: number) => {
    if (byte > 0x7f) {
      const use = byte * 16 + kindOf(before) * 4 + kindOf(after);
      counts.uses.set(use, (counts.uses.get(use) ?? 0) + 1);
    }
    [before, byte] = [byte, after];
  };
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    look(decoder.decode(chunk, { stream: true }));
    for (const each of chunk) see(each);
  }
  look(decoder.decode());
  see(0);
  return counts;
}

const [NO_LETTER, SMALL, CAPITAL, UNKNOWN] = [0, 1, 2, 3];

function kindOf(byte: number): number {
  if (byte > 0x7f) return UNKNOWN;
  if (byte >= 0x61 && byte <= 0x7a) return SMALL;
  return byte >= 0x41 && byte <= 0x5a ? CAPITAL : NO_LETTER;
}

// How likely letters are in a Norwegian list of members, beside those of ASCII.
const usual = /[æøåÆØÅ]/;
const seldom = /[äöüéèóáíðþšžčđŋñçÄÖÜÉÁÓÐÞŠŽČĐŊ]/;
/** Signs that stand beside words. */
const signs = /[\u00a0§«»°´·€£½–—‘’“”…]/;

/** @returns `odd`: how many bytes make no sense where they stand; `text`: what the bytes are, to compare readings */
function judge(uses: Uses, encoding: Encoding): Reading {
  const reading = { score: 0, odd: 0, letters: 0, text: '' };
  for (const [use, times] of uses) {
    const character = iconv.decode(Buffer.from([use >> 4]), encoding);
    const [before, after] = [(use >> 2) & 3, use & 3];
    const weight = weigh(character, before, after);
    reading.text += character;
    reading.score += weight * times;
    if (weight < 0) reading.odd += times;
    if (weight > 0) reading.letters += times;
  }
  return reading;
}

function weigh(character: string, before: number, after: number): number {
  if (/[\p{Lu}\p{Ll}]/u.test(character)) {
    const isCapital = /\p{Lu}/u.test(character);
    const isOutOfPlace = isCapital ? before === SMALL || (before === CAPITAL && after === SMALL) : after === CAPITAL;
    if (isOutOfPlace) return -3;
    if (usual.test(character)) return 3;
    return seldom.test(character) ? 2 : 1;
  }
  const isInWord = before !== NO_LETTER && after !== NO_LETTER;
  if (isInWord && /[’‘´–]/.test(character)) return 1;
  if (signs.test(character) && !(isInWord && /[§°£€½]/.test(character))) return 0;
  return -3;
}
