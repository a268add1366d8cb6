import { createHash } from 'node:crypto';
import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { allSampleCases } from '../../local/sample-data/persons.ts';
import { sampleNumbers } from './samples.ts';

/** Every number that a test or a sample person brings in by a legitimate way. None may be found anywhere again. */
export const knownNumbers: string[] = [
  ...sampleNumbers,
  ...allSampleCases.flatMap(({ person, members }) => [
    person.personnummer,
    ...members.map((member) => member.personnummer),
  ]),
].filter((number): number is string => number !== undefined);

/** Ways in which a number can be written down and still be read. */
function disguises(number: string): string[] {
  const spaced = `${number.slice(0, 6)} ${number.slice(6)}`;
  const digest = createHash('sha256').update(number).digest();
  const percent = [...number].map((digit) => `%3${digit}`).join('');
  const base64 = [0, 1, 2].map((shift) =>
    // Inside a longer text the encoding depends on where the number begins; the middle is the same.
    Buffer.from('x'.repeat(shift) + number)
      .toString('base64')
      .slice(shift === 0 ? 0 : 4, -4),
  );
  return [
    number,
    spaced,
    spaced.replace(' ', '-'),
    spaced.replace(' ', '%20'),
    spaced.replace(' ', '+'),
    percent,
    ...base64,
    digest.toString('hex'),
    digest.toString('base64'),
    digest.toString('base64url'),
  ];
}

type Needle = { bytes: Buffer; masked: string };

// By their first four bytes, as one integer: a thousand needles are looked for in one pass over a hundred megabytes.
const byPrefix = new Map<number, Needle[]>();
const mayBegin = new Uint8Array(1 << 16);
const slotOf = (prefix: number) => Math.imul(prefix, 0x9e3779b1) >>> 16;
for (const number of new Set(knownNumbers)) {
  for (const needle of disguises(number)) {
    const bytes = Buffer.from(needle);
    const prefix = bytes.readInt32BE(0);
    byPrefix.set(prefix, [...(byPrefix.get(prefix) ?? []), { bytes, masked: `${number.slice(0, 6)}*****` }]);
    mayBegin[slotOf(prefix)] = 1;
  }
}

/** @returns which numbers stand in the bytes, masked */
function searchBytes(bytes: Buffer): string[] {
  const found = new Set<string>();
  let lastFour = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    lastFour = (lastFour << 8) | (bytes[at] as number);
    if (mayBegin[slotOf(lastFour)] === 0) continue;
    for (const needle of byPrefix.get(lastFour) ?? []) {
      const from = at - 3;
      if (bytes.subarray(from, from + needle.bytes.length).equals(needle.bytes)) found.add(needle.masked);
    }
  }
  return [...found];
}

/** @returns which numbers stand in the text, masked */
export function searchText(text: string): string[] {
  return searchBytes(Buffer.from(text));
}

/** Searches every file of a folder. */
export function searchFiles(folder: string, pattern = '**/*'): string[] {
  return globSync(pattern, { cwd: folder })
    .filter((file) => statSync(join(folder, file)).isFile())
    .flatMap((file) => searchBytes(readFileSync(join(folder, file))).map((number) => `${file}: ${number}`));
}

/** Searches every column of every table of a database, graphile-worker's included. */
export async function searchDatabase(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'm') and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_toast'
         and pg_relation_size(c.oid) > 0`,
    );
    const found: string[] = [];
    for (const { name } of tables) {
      const { rows } = await client.query<{ text: string }>(`select t::text as text from ${name} as t`);
      const text = rows.map((row) => row.text).join('\n');
      found.push(...searchText(text).map((number) => `${name}: ${number}`));
    }
    return found;
  } finally {
    await client.end();
  }
}
