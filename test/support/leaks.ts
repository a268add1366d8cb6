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
    ...[number, spaced, spaced.replace(' ', '-'), spaced.replace(' ', '%20'), spaced.replace(' ', '+'), percent],
    ...base64,
    ...[digest.toString('hex'), digest.toString('base64'), digest.toString('base64url')],
  ];
}

const needles = [...new Set(knownNumbers)].flatMap((number) =>
  disguises(number).map((needle) => ({ needle, number: `${number.slice(0, 6)}*****` })),
);

/** @returns where in the text a number stands, masked */
export function searchText(text: string): string[] {
  return needles.filter(({ needle }) => text.includes(needle)).map(({ number }) => number);
}

/** Searches every file of a folder. */
export function searchFiles(folder: string, pattern = '**/*'): string[] {
  return globSync(pattern, { cwd: folder })
    .filter((file) => statSync(join(folder, file)).isFile())
    .flatMap((file) => searchText(readFileSync(join(folder, file), 'latin1')).map((number) => `${file}: ${number}`));
}

/** Searches every column of every table of a database, graphile-worker's included. */
export async function searchDatabase(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'm') and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_toast'`,
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
