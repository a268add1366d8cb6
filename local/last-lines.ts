import { readFileSync } from 'node:fs';

/** The last dozen lines of a log, for the message of an error: often nobody can open the file where the message is read. */
export function lastLines(file: string): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-12).join('\n');
}
