import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { nameOf } from '../names.ts';

/** How far these are from the people of `addBenchMembers`. */
const OTHERS = 10_000_000;

/** Weights of the two control digits (Folkeregisterforskriften section 2-2). */
const FIRST = [3, 7, 6, 1, 8, 9, 4, 5, 2];
const SECOND = [5, 4, 3, 2, 7, 6, 5, 4, 3, 2];

/** Synthetic numbers (month + 80), each one once: those of 1 January 1940, then those of the next day, and so on. */
export function* syntheticNumbers(): Generator<{ birthDate: string; personnummer: string }> {
  for (let day = 0; ; day += 1) {
    const date = new Date(Date.UTC(1940, 0, 1 + day));
    const birthDate = date.toISOString().slice(0, 10);
    const six = [date.getUTCDate(), date.getUTCMonth() + 81, date.getUTCFullYear() % 100];
    const prefix = six.map((part) => String(part).padStart(2, '0')).join('');
    for (let individual = 0; individual < 500; individual += 1) {
      const nine = prefix + String(individual).padStart(3, '0');
      const first = controlDigit(nine, FIRST);
      const second = first === 10 ? 10 : controlDigit(`${nine}${first}`, SECOND);
      if (second !== 10) yield { birthDate, personnummer: `${nine}${first}${second}` };
    }
  }
}

function controlDigit(digits: string, weights: number[]): number {
  let sum = 0;
  for (const [at, weight] of weights.entries()) sum += weight * (digits.charCodeAt(at) - 48);
  return (11 - (sum % 11)) % 11;
}

/** A CSV export with so many members, each with a number of their own. */
export async function writeMemberFile(path: string, rows: number): Promise<void> {
  function* text() {
    yield 'external_id,given_name,family_name,birth_date,email,phone,personnummer\n';
    const numbers = syntheticNumbers();
    for (let n = 1; n <= rows; n += 1) {
      const { birthDate, personnummer } = numbers.next().value as { birthDate: string; personnummer: string };
      const { givenName, familyName } = nameOf(OTHERS + n);
      yield `i${n},${givenName},${familyName},${birthDate},i${n}@member.example,+479${String(n).padStart(7, '0')},${personnummer}\n`;
    }
  }
  await pipeline(Readable.from(inChunks(text(), 1_000)), createWriteStream(path, { mode: 0o600 }));
}

function* inChunks(lines: Iterable<string>, size: number): Generator<string> {
  let chunk: string[] = [];
  for (const line of lines) {
    chunk.push(line);
    if (chunk.length < size) continue;
    yield chunk.join('');
    chunk = [];
  }
  yield chunk.join('');
}
