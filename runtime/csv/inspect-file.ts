import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type Encoding, recognizeEncoding } from './encoding.ts';
import { ImportError } from './errors.ts';

export type FileFacts = {
  /** In bytes. */
  size: number;
  /** SHA-256 of the bytes, in hex. */
  digest: string;
  encoding: Encoding;
  byteOrderMark: boolean;
};

/**
 * Reads the whole file, before anything of it is imported, and finds out its encoding. Memory does not grow with the file.
 *
 * @param named the encoding that the mapping names, which is believed unless a byte order mark says otherwise
 * @throws {ImportError} `file_unreadable`, `file_not_text`, `encoding_unclear`
 */
export async function inspectFile(path: string, named?: Encoding): Promise<FileFacts> {
  const { size, digest, start, isUtf8, zeros, convertedTwice } = await readThrough(path);
  const marked = markedEncoding(start);
  if (marked !== undefined && named !== undefined && marked !== named) {
    throw new ImportError(
      'encoding_unclear',
      `the mapping says ${named}, and the file begins with the mark of ${marked}`,
    );
  }
  const wide = wideEncoding(size, zeros, start);
  const encoding = marked ?? named ?? wide ?? (isUtf8 ? 'utf-8' : await recognizeEncoding(path));
  if (encoding === 'utf-8' && !isUtf8) await recognizeEncoding(path);
  if (encoding === 'utf-8' && !isUtf8) {
    throw new ImportError('encoding_unclear', 'the file is said to be UTF-8 and is not; save it as UTF-8 again');
  }
  if (zeros.even + zeros.odd > 0 && !encoding.startsWith('utf-16')) throw noText(start);
  if (encoding === 'utf-8' && convertedTwice) {
    throw new ImportError(
      'encoding_unclear',
      'the file seems to have been made UTF-8 twice (ø is written as Ã¸); export it again, or take back one of the two',
    );
  }
  return { size, digest, encoding, byteOrderMark: marked !== undefined };
}

/** What ø, å and their like become when UTF-8 is taken for Windows-1252 and made UTF-8 again. */
const twice = /Ã[\u0080-\u00BF\u0152\u0153\u0160\u0161\u0178\u017D\u017E\u0192\u02C6\u02DC\u2013-\u203A\u20AC\u2122]/g;

async function readThrough(path: string) {
  await refuseWhatIsNoFile(path);
  const hash = createHash('sha256');
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  const zeros = { even: 0, odd: 0 };
  const letters = { twice: 0, once: 0 };
  let [size, isUtf8] = [0, true];
  let start: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
      if (size === 0) start = chunk.subarray(0, 64);
      hash.update(chunk);
      countZeros(chunk, size, zeros);
      size += chunk.length;
      if (!isUtf8) continue;
      const text = decode(utf8, chunk);
      isUtf8 = text !== undefined;
      if (text?.includes('Ã')) letters.twice += text.match(twice)?.length ?? 0;
      if (letters.twice > 0) letters.once += text?.match(/[æøåÆØÅäöéü]/g)?.length ?? 0;
    }
  } catch (cause) {
    throw new ImportError('file_unreadable', `the file cannot be read: ${path}`, { cause });
  }
  isUtf8 &&= decode(utf8, undefined) !== undefined;
  return { size, digest: hash.digest('hex'), start, isUtf8, zeros, convertedTwice: letters.twice > letters.once };
}

/** The file is read several times, which pipes and terminals do not allow. */
async function refuseWhatIsNoFile(path: string): Promise<void> {
  const found = await stat(path).catch((cause) => {
    throw new ImportError('file_unreadable', `the file cannot be read: ${path}`, { cause });
  });
  if (found.isFile()) return;
  throw new ImportError('file_unreadable', `${path} is no file that can be read twice; save what it gives as a file`);
}

/** @param chunk undefined: the end, where nothing may be left over */
function decode(decoder: InstanceType<typeof TextDecoder>, chunk: Buffer | undefined): string | undefined {
  try {
    return decoder.decode(chunk, { stream: chunk !== undefined });
  } catch {
    return undefined;
  }
}

function countZeros(chunk: Buffer, offset: number, zeros: { even: number; odd: number }): void {
  for (let at = chunk.indexOf(0); at >= 0; at = chunk.indexOf(0, at + 1)) {
    if ((offset + at) % 2 === 0) zeros.even += 1;
    else zeros.odd += 1;
  }
}

/** UTF-16 without its mark: every other byte of letters, digits and delimiters is zero. */
function wideEncoding(size: number, { even, odd }: { even: number; odd: number }, start: Buffer): Encoding | undefined {
  if (size % 2 === 1 || even + odd < size / 4) return undefined;
  const encoding = odd > 20 * even ? 'utf-16le' : even > 20 * odd ? 'utf-16be' : undefined;
  const isText = encoding !== undefined && !/[^\P{Cc}\t\r\n]/u.test(new TextDecoder(encoding).decode(start));
  return isText ? encoding : undefined;
}

function noText(start: Buffer): ImportError {
  const isWorkbook = start.toString('latin1').startsWith('PK');
  const advice = isWorkbook ? 'it looks like an Excel workbook: save it as CSV UTF-8' : 'export it as CSV';
  return new ImportError('file_not_text', `the file is not a text file; ${advice}`);
}

function markedEncoding(start: Buffer): Encoding | undefined {
  if (start.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf]))) return 'utf-8';
  if (start.subarray(0, 2).equals(Buffer.from([0xff, 0xfe]))) return 'utf-16le';
  if (start.subarray(0, 2).equals(Buffer.from([0xfe, 0xff]))) return 'utf-16be';
  return undefined;
}
