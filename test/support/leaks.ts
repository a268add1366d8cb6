import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { issueTokenHeader } from '../../local/invoice-service/organization.ts';
import { allSampleCases } from '../../local/sample-data/persons.ts';
import { artifactsFolder } from './artifacts.ts';
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
function lookFor(text: string, masked: string): void {
  const bytes = Buffer.from(text);
  const prefix = bytes.readInt32BE(0);
  byPrefix.set(prefix, [...(byPrefix.get(prefix) ?? []), { bytes, masked }]);
  mayBegin[slotOf(prefix)] = 1;
}
for (const number of new Set(knownNumbers))
  for (const needle of disguises(number)) lookFor(needle, `${number.slice(0, 6)}*****`);
/** How every issue-token of the local invoice service begins. */
export const issueTokenBegin = Buffer.from(JSON.stringify(issueTokenHeader)).toString('base64url');
lookFor(issueTokenBegin, 'an issue-token');

/** @returns which numbers stand in the bytes, masked, and whether an issue-token does */
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

/** Every row of every table that holds any, graphile-worker's included, each as text. */
const FILLED_TABLES = `
  select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'm') and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_toast'
    and pg_relation_size(c.oid) > 0`;

/**
 * Searches every column of every table of a database.
 *
 * @param client of the superuser, whom no row security keeps out
 * @returns which numbers stand where, masked
 */
export async function searchTables(client: pg.Client | pg.PoolClient): Promise<string[]> {
  // No test may have left the session in another role, or with another path.
  await client.query('rollback; reset all; reset role');
  const names = (await client.query<{ name: string }>(FILLED_TABLES)).rows.map(({ name }) => name);
  if (names.length === 0) return [];
  const answers = await client.query(names.map((name) => `select t::text as text from ${name} as t`).join(';'));
  const found = ([answers].flat() as pg.QueryResult<{ text: string }>[]).map(
    ({ rows }, at) => [names[at] ?? '', rows.map(({ text }) => text)] as const,
  );
  return searchRows(found);
}

/** @param tables the rows of each, as text. @returns which numbers stand where, masked */
export function searchRows(tables: Iterable<readonly [name: string, rows: string[]]>): string[] {
  return [...tables].flatMap(([name, rows]) => searchText(rows.join('\n')).map((number) => `${name}: ${number}`));
}

/** The same for the database at an address. */
export async function searchDatabase(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await searchTables(client);
  } finally {
    await client.end();
  }
}

const SEARCHED = 'searched-databases.txt';

/** For the last tests, which fail where nothing was searched. */
export function noteSearched(database: string): void {
  appendFileSync(join(artifactsFolder(), SEARCHED), `${database}\n`);
}

/** The databases that their own tests have searched. */
export function searchedDatabases(): string[] {
  const file = join(artifactsFolder(), SEARCHED);
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
}
