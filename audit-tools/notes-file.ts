import { readFile } from 'node:fs/promises';
import { type Checkpoint, openCheckpoint } from '../audit-seal/checkpoint.ts';
import type { Verifier } from '../audit-seal/note.ts';

/** A checkpoint that somebody has kept, and when they got it. */
export type Witnessed = Checkpoint & {
  /** ISO 8601; undefined in a worker's own file, where no time counts. */
  readonly time: string | undefined;
  /** Where it was kept. */
  readonly file: string;
};

type Line = { readonly time?: string; readonly note?: string };

/**
 * Reads the checkpoints of a witness' file, or a worker's: lines of JSON with a whole note each. Lines without one are evidence of
 * something else, for people.
 *
 * @returns by size; none where the file is not there yet
 * @throws NoteError where a note is not signed by one of the keys
 */
export async function readNotes(file: string, verifiers: readonly Verifier[]): Promise<Witnessed[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const parsed = text.split('\n').flatMap((line) => parse(line) ?? []);
  const notes = parsed.flatMap(({ time, note }) =>
    note === undefined ? [] : [{ ...openCheckpoint(note, verifiers), time, file }],
  );
  return notes.sort((a, b) => a.size - b.size);
}

/** @returns undefined for a line that was cut off while it was written: its checkpoint was told to nobody */
function parse(line: string): Line | undefined {
  try {
    return JSON.parse(line) as Line;
  } catch (error) {
    if (line.slice(0, 2) === '{"'.slice(0, line.length)) return undefined;
    throw error; // not of this file
  }
}
