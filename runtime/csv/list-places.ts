import { randomUUID } from 'node:crypto';
import { open, realpath, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { UsageError } from '../command-line.ts';
import { ImportError } from './errors.ts';

/** A list is written here until it is complete. Each time another name: the same file may be imported twice at once. */
export const unfinished = (path: string) => `${path}.${randomUUID()}.part`;

/**
 * @param named what each file is called, for the sentence
 * @throws UsageError where two of them are the same
 */
export async function refuseSameFiles(named: readonly { name: string; path: string }[]): Promise<void> {
  const owners = new Map<string, string>();
  for (const { name, path } of named) {
    const place = await placeOf(path);
    const owner = owners.get(place);
    if (owner !== undefined) {
      throw new UsageError(`${owner} and ${name} are the same file`);
    }
    owners.set(place, name);
  }
}

/** The same for all the names of a file, whether it is there or not. */
async function placeOf(path: string): Promise<string> {
  const there = await realpath(path).catch(() => undefined);
  if (there !== undefined) return there;
  const folder = await realpath(dirname(path)).catch(() => resolve(dirname(path)));
  return join(folder, basename(path));
}

/**
 * Sees that a list can be written there, and that nothing is lost by it.
 *
 * @throws {ImportError} `list_not_ours`, `list_not_writable`
 */
export async function checkPlace(path: string, header: string): Promise<void> {
  await refuseForeign(path, header);
  const probe = unfinished(path);
  try {
    await (await open(probe, 'wx', 0o600)).close();
    await rm(probe);
  } catch (cause) {
    throw notWritable(path, cause);
  }
}

/**
 * A file that stands where a list goes is replaced or removed only if it is a list of an earlier import, or empty.
 *
 * @throws {ImportError} `list_not_ours`; `list_not_writable` where that cannot be found out
 */
export async function refuseForeign(path: string, header: string): Promise<void> {
  const first = await firstBytes(path, header.length + 1);
  if (first === undefined || first === '' || first === `${header}\n`) return;
  throw new ImportError(
    'list_not_ours',
    `${path} is there and is no list of an import; move it, or name another place`,
  );
}

/** @returns undefined where there is no file */
async function firstBytes(path: string, length: number): Promise<string | undefined> {
  try {
    // What is no file (a folder, a device) must not even be opened: a pipe would wait for ever.
    if (!(await stat(path)).isFile()) throw new ImportError('list_not_writable', `${path} is no ordinary file`);
    await using file = await open(path, 'r');
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw notWritable(path, cause);
  }
}

/** @returns the error as it is where it is one of ours */
export function notWritable(path: string, cause: unknown): ImportError {
  if (cause instanceof ImportError) return cause;
  const code = cause instanceof Error && 'code' in cause ? ` (${cause.code})` : '';
  return new ImportError('list_not_writable', `no list can be written to ${path}${code}; name another place`, {
    cause,
  });
}
