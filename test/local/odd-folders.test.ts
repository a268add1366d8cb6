import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  globSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, test } from 'vitest';
import { logIn } from '../../local/scripted-login.ts';
import { runLocal } from '../support/start-stack.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** What people call their folders, and every character that means something in a URL, a shell or a glob. */
const NAME = "Bjørns mappe 100% #1 & 'OneDrive - Blindeforbundet' [ny] + ?";

// A file URL's `pathname` is percent-encoded: as a file name it is wrong as soon as the path has a space or an ø in it.
test('no file makes a file name of a URL that it built from its own address', () => {
  const files = globSync('**/*.ts', { cwd: ROOT, exclude: ['node_modules/**', '.local/**', '.test/**'] });
  assert.ok(files.length > 300, `${files.length} files`);
  const guilty = files.filter((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    return text.includes('import.meta.url') && /\.pathname\b|\bpathname\s*[,}]/.test(text);
  });
  // This file only talks about it.
  assert.deepEqual(guilty, [join('test', 'local', 'odd-folders.test.ts')]);
});

test('the whole system starts in a folder with spaces, letters beyond ASCII and signs', async () => {
  const folder = copyProject();
  const program = runLocal('start', join(folder, '.local'), folder);
  afterAll(() => program.process.kill('SIGKILL'));
  await program.says(/Click here/);
  writeFileSync(join(folder, 'Nye medlemmer æøå.csv'), 'external_id;given_name\nNY-1;Bjørn\n');
  const { callbackUrl, organizations } = program.stack();
  const returnTo = organizations[0]?.returnTo ?? '';
  const login = { callbackUrl, organization: 'nhf', provider: 'vipps', person: 'nhf-filled', returnTo };
  assert.equal((await logIn(login)).status, 'logged_in');
  for (const [command, says, ...words] of [
    ['provider:check', /no faults/, '--provider', 'vipps'],
    ['members:import', /added +1\b/, '--partial', 'Nye medlemmer æøå.csv'],
  ] as const) {
    assert.match(runScript(folder, command, ['--organization', 'nhf', ...words]), says);
  }
  program.process.kill('SIGTERM');
  assert.equal(await program.ended, 0, program.output());
});

/** A script of package.json as npm would run it: its words, in the project's folder. */
function runScript(folder: string, name: string, words: string[]): string {
  const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const [, ...parts] = scripts[name].split(' ');
  const { PATH = '', HOME = '' } = process.env;
  const run = spawnSync(process.execPath, [...parts, ...words], { cwd: folder, env: { PATH, HOME }, encoding: 'utf8' });
  return run.stdout + run.stderr;
}

/** The project as it lies here. What npm installed is linked file by file: a symbolic link would lead back to a plain path. */
function copyProject(): string {
  const base = join(ROOT, '.test');
  mkdirSync(base, { recursive: true });
  // By this process's id: `test/run.ts` removes what belongs to processes that are gone.
  const above = join(base, String(process.pid));
  mkdirSync(above, { recursive: true });
  afterAll(() => rmSync(above, { recursive: true, force: true }));
  const folder = join(mkdtempSync(join(above, 'odd-')), NAME);
  const tracked = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT });
  for (const file of tracked.toString().split('\0').filter(Boolean)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    copyFileSync(join(ROOT, file), join(folder, file));
  }
  linkFolder(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

function linkFolder(from: string, to: string): void {
  mkdirSync(to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) linkFolder(source, target);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else linkSync(source, target);
  }
}
