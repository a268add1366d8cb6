import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runProgram } from '../../../members-import/run-program.ts';
import { bareEnvironment } from '../../support/bare-environment.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { addOrganization, type Organization, testKeys } from '../../support/samples.ts';

const MAIN = resolve(import.meta.dirname, '..', '..', '..', 'members-import', 'main.ts');

/** What a database has after an import, member by member. */
type StoredMember = {
  id: string;
  external_id: string;
  given_name: string | null;
  family_name: string | null;
  birth_date: string | null;
  email: string | null;
  phone: string | null;
  personnummer_index: string | null;
  personnummer_sealed: string | null;
  personnummer_masked: string | null;
  personnummer_source: string | null;
  version: number;
};

type Finished = { code: number | NodeJS.Signals | null; out: string; err: string };

export type ImportWorld = {
  db: TestDatabase;
  organization: Organization;
  /** Writes a file beside the others of this test and answers its path. */
  file(name: string, content: string | Buffer): string;
  /** Text of a file of this test; undefined where there is none. */
  read(name: string): string | undefined;
  /** Starts the program as a person would, in a process of its own. */
  start(...words: string[]): { process: ChildProcess; finished: Promise<Finished> };
  /** The same, with some variables of its environment replaced. */
  startWith(environment: Record<string, string>, ...words: string[]): ReturnType<ImportWorld['start']>;
  /** Runs the program to its end, in this process. */
  run(...words: string[]): Promise<Finished>;
  /** The same with a person at the terminal, who answers questions. @returns the exit code */
  runAsked(ask: (question: string) => Promise<boolean>, ...words: string[]): Promise<number>;
  /** Runs it on a file with this content, and insists that it succeeds. */
  imported(content: string | Buffer, ...words: string[]): Promise<Finished>;
  members(): Promise<StoredMember[]>;
  query<T>(sql: string, parameters?: unknown[]): Promise<T[]>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** A database with one organisation, and a folder for files. @param organizationColumns see `addOrganization` */
export async function createImportWorld(organizationColumns: object = {}): Promise<ImportWorld> {
  const db = await createTestDatabase();
  const organization = await addOrganization(db, { ...organizationColumns });
  const folder = mkdtempSync(join(tmpdir(), 'members-import-'));
  const query = async <T>(sql: string, parameters: unknown[] = []) =>
    (await db.pool.query(sql, parameters)).rows as T[];
  const file = (name: string, content: string | Buffer) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const startWith = (environment: Record<string, string>, ...words: string[]) =>
    spawnImport(db, environment, ['--organization', organization.slug, ...words]);
  const start = (...words: string[]) => startWith({}, ...words);
  const run = (...words: string[]) => runHere(db, ['--organization', organization.slug, ...words]);
  return {
    db,
    organization,
    file,
    read: (name) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : undefined),
    start,
    startWith,
    run,
    async runAsked(ask, ...words) {
      return Number((await runHere(db, ['--organization', organization.slug, ...words], ask)).code);
    },
    async imported(content, ...words) {
      const finished = await run(...words, file('members.csv', content));
      if (finished.code !== 0) throw new Error(`the import ended with ${finished.code}: ${finished.err}`);
      return finished;
    },
    members: () =>
      query<StoredMember>(
        `select id, external_id, given_name, family_name, birth_date::text, email, phone, personnummer_index, personnummer_sealed,
                personnummer_masked, personnummer_source, version
         from registry.members where organization_id = $1 order by external_id`,
        [organization.id],
      ),
    query,
    [Symbol.asyncDispose]: () => db[Symbol.asyncDispose](),
  };
}

function environmentFor(db: TestDatabase): Record<string, string> {
  const { PERSONNUMMER_SEALING_KEYS, PERSONNUMMER_INDEX_SECRETS } = testKeys().environment;
  const databaseUrl = db.urlFor('member_importer');
  return { DEPLOYMENT: 'test', DATABASE_URL: databaseUrl, PERSONNUMMER_SEALING_KEYS, PERSONNUMMER_INDEX_SECRETS };
}

/**
 * The program in this process, with its one thread and a session that the database keeps from test to test: starting another of any of
 * them takes longer than most of these imports.
 */
async function runHere(
  db: TestDatabase,
  words: string[],
  ask?: (question: string) => Promise<boolean>,
): Promise<Finished> {
  const out: string[] = [];
  const err: string[] = [];
  const environment = { ...environmentFor(db), IMPORT_THREADS: '1' };
  const terminal = { say: (line: string) => out.push(`${line}\n`), complain: (text: string) => err.push(`${text}\n`) };
  const connect = async () => {
    const client = await db.poolFor('member_importer').connect();
    return Object.assign(client, { [Symbol.asyncDispose]: async () => client.release() });
  };
  const here = { ...terminal, progress: process.stderr, ...(ask && { ask }) };
  const code = await runProgram(words, environment, here, connect);
  return { code, out: out.join(''), err: err.join('') };
}

function spawnImport(db: TestDatabase, environment: Record<string, string>, words: string[]) {
  const child = spawn(process.execPath, [MAIN, ...words], {
    env: { ...bareEnvironment(), ...environmentFor(db), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = { out: '', err: '' };
  child.stdout.on('data', (chunk) => (texts.out += chunk));
  child.stderr.on('data', (chunk) => (texts.err += chunk));
  const finished = new Promise<Finished>((done) => {
    child.once('close', (code, signal) => done({ code: signal ?? code, ...texts }));
  });
  return { process: child, finished };
}

/** A CSV file with a header and rows of comma-separated text. */
export function csv(header: string, ...rows: string[]): string {
  return `${[header, ...rows].join('\n')}\n`;
}
