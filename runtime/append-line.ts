import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

const { O_APPEND, O_CREAT, O_RDWR } = constants;

/**
 * Appends a line to a file that others may append to as well, on a line of its own also where the one before was cut off.
 *
 * @param line without a line feed
 * @param file `create`: makes it where it is not there, for this user alone. Where a missing file means that something was lost, it must not.
 * @returns when the line is on disk
 */
export async function appendLine(path: string, line: string, { create }: { create: boolean }): Promise<void> {
  const file = await open(path, O_RDWR | O_APPEND | (create ? O_CREAT : 0), 0o600);
  try {
    const { size } = await file.stat();
    const { buffer } = await file.read({ buffer: Buffer.from('\n'), position: Math.max(size - 1, 0) });
    await file.writeFile(`${buffer.toString() === '\n' ? '' : '\n'}${line}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}
