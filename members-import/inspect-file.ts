import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { ImportError } from './errors.ts';

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

export type FileFacts = {
  /** In bytes. */
  size: number;
  /** SHA-256 of the bytes, in hex. */
  digest: string;
  encoding: Encoding;
  byteOrderMark: boolean;
};

/**
 * Reads the whole file once, before anything of it is imported: what is not UTF-8 from its first byte to its last is
 * Windows-1252, the other encoding that Norwegian systems export. Memory does not grow with the file.
 *
 * @throws {ImportError} `file_unreadable`, `file_not_text`
 */
export async function inspectFile(path: string): Promise<FileFacts> {
  await refuseWhatIsNoFile(path);
  const hash = createHash('sha256');
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  let size = 0;
  let start: Buffer = Buffer.alloc(0);
  let isUtf8 = true;
  let hasZeros = false;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
      if (size === 0) start = chunk.subarray(0, 3);
      size += chunk.length;
      hash.update(chunk);
      hasZeros ||= chunk.includes(0);
      isUtf8 &&= decodes(utf8, chunk);
    }
  } catch (cause) {
    throw new ImportError('file_unreadable', `the file cannot be read: ${path}`, { cause });
  }
  const encoding = markedEncoding(start) ?? (isUtf8 && decodes(utf8, undefined) ? 'utf-8' : 'windows-1252');
  if (hasZeros && !encoding.startsWith('utf-16')) throw new ImportError('file_not_text', 'the file is not a text file');
  return { size, digest: hash.digest('hex'), encoding, byteOrderMark: markedEncoding(start) !== undefined };
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
function decodes(decoder: InstanceType<typeof TextDecoder>, chunk: Buffer | undefined): boolean {
  try {
    decoder.decode(chunk, { stream: chunk !== undefined });
    return true;
  } catch {
    return false;
  }
}

function markedEncoding(start: Buffer): Encoding | undefined {
  if (start.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf]))) return 'utf-8';
  if (start.subarray(0, 2).equals(Buffer.from([0xff, 0xfe]))) return 'utf-16le';
  if (start.subarray(0, 2).equals(Buffer.from([0xfe, 0xff]))) return 'utf-16be';
  return undefined;
}
