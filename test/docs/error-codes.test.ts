import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { readFunctionFiles } from '../../db/function-files.ts';
import { failureResults } from '../../worker/failure.ts';
import { createTestDatabase } from '../support/database.ts';
import { names, readPage, tableRows } from './markdown.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const page = await readPage('error-codes.md');

/** Codes of the first column under a heading. */
const listed = (heading: string) => tableRows(page, heading).flatMap(([code]) => names(code));

/** Source of one part of the project, wherever in it something stands. */
function sourceOf(...folders: string[]): string {
  const files = folders.flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: ROOT }));
  return files.map((file) => readFileSync(join(ROOT, file), 'utf8')).join('\n');
}

/** The members of `type name = 'a' | 'b'`. */
function union(source: string, name: string): string[] {
  const declaration = new RegExp(`type ${name} =([^;]*);`).exec(source)?.[1];
  assert.ok(declaration, `type ${name} is not found`);
  return quoted(declaration);
}

const quoted = (text: string) => [...text.matchAll(/'([a-z_0-9]+)'/g)].map(([, word]) => word as string);

function assertSame(actual: string[], expected: Iterable<string>) {
  assert.deepEqual(actual.toSorted(), [...new Set(expected)].toSorted());
}

test('every SQLSTATE that db/functions raises is on the page, and no other', async () => {
  const sql = (await readFunctionFiles()).map((file) => file.sql).join('\n');
  const raised = [...sql.matchAll(/errcode = '([^']+)'/g)].map(([, code]) => code as string);
  assertSame(listed('## SQLSTATEs of our functions'), raised);
  assert.equal((sql.match(/raise exception/g) ?? []).length, raised.length, 'an exception without a code of its own');
});

test('every refusal is on the page with its status, and no other', async () => {
  await using db = await createTestDatabase();
  const { rows } = await db.pool.query<{ code: string; status: number }>('select code, status from private.refusals()');
  const described = tableRows(page, "## Refusals of the coordinators' functions");
  assertSame(
    described.map(([code, status]) => `${names(code)} ${status}`),
    rows.map(({ code, status }) => `${code} ${status}`),
  );
  const sql = (await readFunctionFiles()).map((file) => file.sql).join('\n');
  const answers = /refuse\('[a-z_]+', '([a-z_]+)'|then '([a-z_]+)'|"code": "([a-z_]+)"/g;
  const used = [...sql.matchAll(answers)].map((match) => match.slice(1).find((code) => code !== undefined));
  const unused = rows.filter(({ code }) => !used.includes(code)).map(({ code }) => code);
  assert.deepEqual(unused, [], 'refusals that nothing answers with');
});

test('every code the callback sends to apps is on the page, and no other', () => {
  const source = sourceOf('auth-callback');
  assertSame(listed('## Codes the app gets from a login'), union(source, 'AnswerCode'));
  assertSame(listed('## Codes the app gets from the token endpoint'), union(source, 'TokenErrorCode'));
  const linking = readFileSync(join(ROOT, 'auth-callback', 'session', 'link.ts'), 'utf8');
  const answers = linking.matchAll(/error(?:: | \?\? )'([a-z_]+)'/g);
  assertSame(
    listed('## Codes the app gets from the linking endpoint'),
    [...answers].map(([, code]) => code as string),
  );
});

test("every reason in the callback's log is on the page, and no other", () => {
  const source = sourceOf('auth-callback');
  const thrown = source.matchAll(/(?:new (?:Login|Page)Error|\brefused)\(\s*'([a-z_]+)'/g);
  assertSame(
    listed("## Reasons in the callback's log"),
    [...thrown].map(([, code]) => code as string),
  );
});

test('every code of a push or a job is on the page with what follows from it, and no other', async () => {
  const described = tableRows(page, '## Codes of pushes and jobs').map(([code, then]) => `${names(code)} ${then}`);
  const explanations = (await readFunctionFiles()).find(({ name }) => name === 'private.explain_failure')?.sql ?? '';
  const inDatabase = quoted(explanations.split('$$')[1]?.replace(/then '[^']*'/g, '') ?? '');
  const ofWorker = Object.entries(failureResults).map(([code, result]) => `${code} ${result}`);
  const ofDatabase = inDatabase
    .filter((code) => !Object.hasOwn(failureResults, code))
    .map((code) => `${code} database`);
  assertSame(described, [...ofWorker, ...ofDatabase]);
});

test('every code of an import is on the page, and no other', () => {
  const errors = readFileSync(join(ROOT, 'runtime', 'csv', 'errors.ts'), 'utf8');
  assertSame(listed('## Codes of an import'), union(errors, 'ImportErrorCode'));
});

test('every code of the configuration is on the page, and no other', () => {
  const errors = readFileSync(join(ROOT, 'configuration', 'errors.ts'), 'utf8');
  assertSame(listed('## Codes of the configuration'), union(errors, 'ConfigureErrorCode'));
});

test('every code of keys is on the page, and no other', () => {
  const errors = readFileSync(join(ROOT, 'key-tools', 'errors.ts'), 'utf8');
  assertSame(listed('## Codes of keys'), union(errors, 'KeyErrorCode'));
});

test('every code of the sealed audit is on the page, and no other', () => {
  const source = sourceOf('audit-seal', 'audit-tools', 'worker/sealing');
  const own = ['SealingFault', 'FindingCode', 'WitnessFinding', 'NoteFault'].flatMap((name) => union(source, name));
  const logged = [...source.matchAll(/log\.\w+\(\{ code: '([a-z_]+)'|\{ code: '(audit_[a-z]+)'/g)].map(
    (match) => match[1] ?? match[2] ?? '',
  );
  assertSame(
    listed('## Codes of the sealed audit'),
    [...own, ...logged].filter((word) => word !== 'code'),
  );
});

test('every code of the programs is on the page, and no other', () => {
  const source = sourceOf('auth-callback', 'worker', 'personnummer', 'runtime');
  const own = [...source.matchAll(/^ {2}(?:override )?readonly code = '([a-z_]+)'/gm)].map(
    ([, code]) => code as string,
  );
  const expected = [
    ...own,
    ...union(source, 'PersonnummerErrorCode'),
    ...union(source, 'OutboundErrorCode'),
    ...union(source, 'LedgerErrorCode'),
    ...union(source, 'StartRefusedCode'),
  ];
  assertSame(listed('## Codes of the programs'), expected);
});

test('the word of a 409 that counts as delivered is on the page as the worker reads it', () => {
  const [word] = /'(already_[a-z]+)'/.exec(sourceOf('worker'))?.slice(1) ?? [];
  assert.ok(word && page.includes(`\`{"code": "${word}"}\``), 'in the words that a member system sends');
});
