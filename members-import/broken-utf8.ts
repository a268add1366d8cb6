import { createReadStream } from 'node:fs';
import { ImportError } from './errors.ts';

/**
 * Tells a file that is another encoding altogether from UTF-8 with a few broken bytes, such as one that was cut off or put together.
 * Read as Windows-1252 the latter would turn every letter outside ASCII into two wrong ones, and nobody would notice.
 *
 * @param path a file that is not UTF-8 throughout
 * @throws {ImportError} `encoding_unclear`, with the line of the first broken byte, where at least half of what is not ASCII is
 *   UTF-8: in a text of another encoding hardly anything is
 */
export async function refuseBrokenUtf8(path: string): Promise<void> {
  const decoder = new TextDecoder('utf-8');
  const counts = { whole: 0, broken: 0, line: 1 };
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
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    look(decoder.decode(chunk, { stream: true }));
  }
  look(decoder.decode());
  if (counts.whole === 0 || counts.whole < counts.broken) return;
  throw new ImportError(
    'encoding_unclear',
    `the file is UTF-8 but for some bytes, the first of them on line ${counts.line}; mend it and start again`,
  );
}
