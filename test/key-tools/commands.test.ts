import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'vitest';
import { parseSigners, parseVerifierKey, type Signer, type Verifier } from '../../audit-seal/note.ts';
import { readAuditToolsConfig } from '../../audit-tools/config.ts';
import { readCallbackConfig } from '../../auth-callback/config.ts';
import { readDeskConfig } from '../../coordinator-desk/config.ts';
import { type KindName, kindNames, kinds } from '../../key-tools/kinds.ts';
import { runCreate } from '../../key-tools/run-create.ts';
import { runRotate } from '../../key-tools/run-rotate.ts';
import { readImportConfig } from '../../members-import/config.ts';
import { readConfig as readWorkerConfig } from '../../worker/config.ts';
import { createTestDatabase } from '../support/database.ts';
import { runNode } from '../support/run-node.ts';
import { addEvents, createTestSealer, horizonPasses, verifyTestAudit } from '../support/sealing.ts';

type Run = (
  words: string[],
  environment: Record<string, string>,
  terminal: Parameters<typeof runCreate>[1],
) => Promise<number>;

async function run(command: Run, words: string[], environment: Record<string, string> = {}) {
  const printed: Record<string, string> = {};
  const said: string[] = [];
  const set = (variable: string, value: string) => {
    printed[variable] = value;
  };
  const code = await command(
    words,
    { DEPLOYMENT: 'local', ...environment },
    { say: () => undefined, set, explain: (text) => said.push(text) },
  );
  return { code, printed, said: said.join('\n') };
}
const create: Run = (words, _, terminal) => runCreate(words, terminal);
const wordsFor = (kind: KindName) => (kind === 'audit' ? [kind, 'login.example.no/audit'] : [kind]);

test('a new key of each kind is what the programs take, and no two are alike', async () => {
  for (const name of kindNames) {
    const kind = kinds[name];
    const [one, other] = [await run(create, wordsFor(name)), await run(create, wordsFor(name))];
    assert.equal(one.code, 0, one.said);
    const { keys, faults } = kind.parse(one.printed[kind.variable] ?? '');
    assert.deepEqual([keys.length, faults], [1, []], name);
    assert.notEqual(one.printed[kind.variable], other.printed[kind.variable]);
    assert.deepEqual(
      Object.keys(one.printed),
      kind.variables(keys).map((each) => each.name),
    );
  }
  for (const words of [[], ['all'], ['sealing', 'name'], ['audit'], ['audit', 'Not a name'], ['desk']]) {
    assert.equal((await run(create, words)).code, 2, words.join(' '));
  }
});

test('what `all` prints is a file that a shell and Node read alike, and with addresses all that the programs ask for', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'keys-'));
  const file = join(folder, 'keys.env');
  const { output, exitCode } = await runNode(['key-tools/create.ts', 'all', 'login.example.no/audit'], {});
  assert.equal(exitCode, 0, output);
  await writeFile(file, output);
  const print = 'process.stdout.write(JSON.stringify(process.env))';
  const ask = (command: string, args: string[]) =>
    JSON.parse(execFileSync(command, args, { env: { NODE: process.execPath }, encoding: 'utf8' }));
  const byNode = ask(process.execPath, [`--env-file=${file}`, '-e', print]);
  const byShell = ask('/bin/sh', ['-c', `set -a; . "$0"; exec "$NODE" -e "$1"`, file, print]);
  const printed = [...output.matchAll(/^([A-Z_]+)=/gm)].map(([, name = '']) => name);
  assert.equal(printed.length, 9, output);
  for (const name of printed) assert.equal(byShell[name], byNode[name], name);
  const at = (role: string) => ({
    ...byShell,
    DATABASE_URL: `postgres://${role}@db.example.no/registry?sslmode=verify-full`,
  });
  readCallbackConfig({ ...at('auth_callback'), PUBLIC_URL: 'https://login.example.no' });
  readWorkerConfig({ ...at('sync_worker'), AUDIT_CHECKPOINT_FILE: '/var/lib/audit/checkpoints.jsonl' });
  readImportConfig(at('member_importer'));
  readAuditToolsConfig(at('anna'), { database: true, keys: true });
  readDeskConfig({
    ...byShell,
    DESK_URL: 'https://desk.example.no',
    CALLBACK_URL: 'https://login.example.no',
    POSTGREST_URL: 'https://api.example.no',
    DESK_ORGANIZATIONS: 'nhf=NHF',
  });
});

test('every kind goes know, use, finish in this order; what is printed is never repeated where it is explained', async () => {
  for (const name of kindNames) {
    const kind = kinds[name];
    const { printed } = await run(create, wordsFor(name));
    const elsewhere = { PUBLIC_URL: 'http://127.0.0.1:9', DATABASE_URL: 'postgres://nobody@127.0.0.1:9/x' };
    const known = await run(runRotate, [name, 'know'], { ...printed, ...elsewhere });
    assert.equal(known.code, 0, known.said);
    const { keys } = kind.parse(known.printed[kind.variable] ?? '');
    assert.equal(keys.length, 2);
    for (const { text } of keys) assert.ok(!known.said.includes(text), name);
    if (name === 'audit') continue;
    const used = await run(runRotate, [name, 'use', '--since', '2026-01-01T00:00Z'], {
      ...known.printed,
      ...elsewhere,
    });
    if (name === 'access-token') assert.match(used.said, /key_not_seen: the callback at PUBLIC_URL does not answer/);
    else assert.deepEqual(kind.parse(used.printed[kind.variable] ?? '').keys, keys.toReversed(), name);
  }
  for (const words of [
    [],
    ['index', 'begin'],
    ['index', 'use', '--since', 'yesterday'],
    ['index', 'use', '--until', 'x'],
  ]) {
    assert.equal((await run(runRotate, words, { PERSONNUMMER_INDEX_SECRETS: 'x' })).code, 2, words.join(' '));
  }
  const faulty = await run(runRotate, ['transaction', 'know'], { TRANSACTION_SECRETS: 'v1:c2hvcnQ' });
  assert.deepEqual([faulty.code, /TRANSACTION_SECRETS secret 1: has fewer/.test(faulty.said)], [1, true]);
});

test("the audit's key goes when the newest checkpoint has the new one's signature, and what the old one signed still verifies", async () => {
  await using db = await createTestDatabase();
  const { printed: first } = await run(create, ['audit', 'login.example.no/audit']);
  const seal = async (variable: string | undefined) => {
    await addEvents(db, 3);
    await horizonPasses(db);
    const signers = parseSigners(variable ?? '').signers as [Signer, ...Signer[]];
    assert.equal(await (await createTestSealer(db.poolFor('sync_worker'), { signers })).round(), 3);
  };
  await seal(first.AUDIT_SEALING_KEY);
  const known = await run(runRotate, ['audit', 'know'], first);
  const both = { ...known.printed, DATABASE_URL: db.migratorUrl };
  assert.match((await run(runRotate, ['audit', 'use'], both)).said, /key_in_use_already/);
  assert.match((await run(runRotate, ['audit', 'finish'], both)).said, /key_not_seen: the newest checkpoint/);
  await seal(known.printed.AUDIT_SEALING_KEY);
  const finished = await run(runRotate, ['audit', 'finish'], both);
  assert.equal(finished.code, 0, finished.said);
  await seal(finished.printed.AUDIT_SEALING_KEY);
  const verifiers = (known.printed.AUDIT_VERIFIER_KEYS ?? '')
    .split(' ')
    .map((text) => parseVerifierKey(text) as Verifier);
  const report = await verifyTestAudit(db.urlFor('auditor_login'), { verifiers });
  assert.deepEqual([report.findings, report.sealed, report.checkpoints], [[], 9, 3]);
});
