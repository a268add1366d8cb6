import assert from 'node:assert/strict';
import { appendFile, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'vitest';
import { signCheckpoint } from '../../audit-seal/checkpoint.ts';
import { emptyRoot } from '../../audit-seal/tree.ts';
import { readNotes } from '../../audit-tools/notes-file.ts';
import { appendLine } from '../../runtime/append-line.ts';
import { auditSigners, auditVerifiers } from '../support/sealing.ts';

const note = (size: number) => signCheckpoint({ size, root: emptyRoot }, auditSigners()).note;
const newFile = async () => join(await mkdtemp(join(tmpdir(), 'notes-')), 'witness.jsonl');
const sizes = async (file: string) => (await readNotes(file, auditVerifiers())).map(({ size }) => size);

test('a line that was cut off costs a witness this line only', async () => {
  const file = await newFile();
  await appendLine(file, JSON.stringify({ time: 'now', note: note(5) }), { create: true });
  for (const cut of ['{', '{"time":"now","note":"localhost']) {
    await appendFile(file, cut);
    await appendLine(file, JSON.stringify({ time: 'now', note: note(9) }), { create: true });
  }
  assert.deepEqual(await sizes(file), [5, 9, 9]);
});

test('what is no file of a witness is not taken for an empty one', async () => {
  const file = await newFile();
  await writeFile(file, '<!doctype html>\n');
  await assert.rejects(sizes(file), SyntaxError);
});
