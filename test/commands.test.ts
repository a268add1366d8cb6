import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const commands = [
  ...[
    'member:erase',
    'member:export',
    'erasures:replay',
    'drift',
    'grant:report',
    'member-system:check',
    'provider:check',
  ],
  ...['audit:verify', 'audit:witness', 'configure', 'members:import', 'migrate', 'keys:create', 'keys:rotate'],
  'restore:drill',
  'supabase:check',
  'release:build',
];
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
const fileOf = (command: string) => scripts[command]?.split(' ').at(-1) as string;

type Run = { code: number; out: string; err: string };
let runs: Record<string, Run>;

beforeAll(() => {
  // One process for all of them, without any environment: what a command needs is asked for after its command line.
  const env = { PATH: process.env.PATH };
  const calls = commands.flatMap((name) =>
    ['--help', '--nonsense'].map((word) => ({ name, file: fileOf(name), word })),
  );
  const [libraries, programs] = [true, false].map((is) => calls.filter(({ name }) => (name === 'migrate') === is));
  const runner = join(ROOT, 'test', 'support', 'run-commands.ts');
  const out = execFileSync(process.execPath, [runner, JSON.stringify(programs)], { cwd: ROOT, env, encoding: 'utf8' });
  runs = JSON.parse(out);
  // Files that are imported too are commands only where they are what was started.
  for (const { name, file, word } of libraries ?? []) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [file, word], { cwd: ROOT, env, encoding: 'utf8' });
    runs[`${name} ${word}`] = { code: status ?? -1, out: stdout, err: stderr };
  }
});

describe.each(commands)('%s', (name) => {
  test('--help prints how it is used, and ends with 0', () => {
    const { code, out, err } = runs[`${name} --help`] as Run;
    assert.deepEqual([code, err], [0, '']);
    assert.ok(out.startsWith(`Usage: npm run ${name}`), out);
  });
  test('an unknown option is said, with how it is used, and ends with 2', () => {
    const { code, out, err } = runs[`${name} --nonsense`] as Run;
    assert.deepEqual([code, out], [2, '']);
    assert.ok(err.startsWith(`${name}: Unknown option '--nonsense'`), err);
    assert.ok(err.includes(`\n\nUsage: npm run ${name}`), err);
  });
});

test('every command that a document names exists, with the options that it is given there', () => {
  const unknown: string[] = [];
  let looked = 0;
  for (const file of globSync('{*.md,db/*.md,docs/*.md}', { cwd: ROOT })) {
    const text = readFileSync(join(ROOT, file), 'utf8');
    for (const [call, name = '', rest = ''] of text.matchAll(
      /npm run (?:--silent )?([a-z][a-z:-]*[a-z])((?: [^`|#\n]*)?)/g,
    )) {
      looked += 1;
      if (scripts[name] === undefined) unknown.push(`${file}: ${call}`);
      if (!commands.includes(name)) continue;
      const help = (runs[`${name} --help`] as Run).out;
      for (const [option] of rest.matchAll(/--[a-z][a-z-]*/g))
        if (!help.includes(option)) unknown.push(`${file}: ${call}: ${option}`);
    }
    for (const [call, program = ''] of text.matchAll(/(?:npx )?node ([\w./-]+\.ts)/g)) {
      looked += 1;
      if (!existsSync(join(ROOT, program))) unknown.push(`${file}: ${call}`);
    }
  }
  assert.ok(looked > 50, String(looked));
  assert.deepEqual(unknown, []);
});
