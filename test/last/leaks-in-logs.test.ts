import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { globSync } from 'node:fs';
import { test } from 'vitest';
import { artifactsFolder } from '../support/artifacts.ts';
import { issueTokenBegin, knownNumbers, searchFiles, searchText } from '../support/leaks.ts';

// Runs after all other tests, over what they left behind.

test('the search finds a number in every disguise', () => {
  const number = knownNumbers[0] as string;
  for (const text of [
    `x${number}x`,
    `${number.slice(0, 6)} ${number.slice(6)}`,
    Buffer.from(`{"nin":"${number}"}`).toString('base64'),
    Buffer.from(`a${number}`).toString('base64url'),
    encodeURIComponent(`nin=${number.slice(0, 6)} ${number.slice(6)}`),
    createHash('sha256').update(number).digest('hex'),
  ]) {
    assert.ok(searchText(text).length > 0, text.replaceAll(number, '(the number)'));
  }
  assert.deepEqual(searchText(`{"token":"${issueTokenBegin}.e30.x"}`), ['an issue-token']);
  assert.deepEqual(searchText('nothing here but 018150***** and a uuid'), []);
});

test('no service log, and not the PostgreSQL log with every statement in it, holds a test number', () => {
  const logs = globSync('**/*.log', { cwd: artifactsFolder() });
  assert.ok(logs.length > 1, 'no service left a log behind: these tests run after the others');
  assert.deepEqual(searchFiles(artifactsFolder()), []);
});
