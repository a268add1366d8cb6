import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { StackFile } from '../../local/stack/stack-file.ts';
import { artifactsFolder } from './artifacts.ts';
import { bareEnvironment } from './bare-environment.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');

/** A program of `local/` run as a person would run it, in a folder of its own. */
export type LocalProgram = {
  folder: string;
  process: ChildProcess;
  /** Standard output and standard error so far. */
  output(): string;
  /** Resolves when the output matches; rejects when the program ends before. */
  says(pattern: RegExp): Promise<void>;
  /** How it ended: the exit code, or the signal. */
  ended: Promise<number | NodeJS.Signals | null>;
  /** `stack.json` as it is now. */
  stack(): StackFile;
};

/**
 * Runs `local/start.ts` or `local/demo.ts`.
 *
 * @param folder by default a fresh one among the test's artifacts
 * @param root where the project lies
 * @param flags such as `--clock`
 */
export function runLocal(
  file: 'start' | 'demo',
  folder = mkdtempSync(join(artifactsFolder(), 'stack-')),
  root = ROOT,
  flags: readonly string[] = [],
): LocalProgram {
  const child = spawn(process.execPath, [join(root, 'local', `${file}.ts`), ...flags], {
    env: { ...bareEnvironment(), LOCAL_FOLDER: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const ended = new Promise<number | NodeJS.Signals | null>((done) => {
    child.once('close', (code, signal) => done(signal ?? code));
  });
  return {
    folder,
    process: child,
    output: () => output,
    ended,
    stack: () => JSON.parse(readFileSync(join(folder, 'stack.json'), 'utf8')) as StackFile,
    says: (pattern) =>
      new Promise((matched, failed) => {
        const look = () => pattern.test(output) && matched();
        child.stdout.on('data', look);
        child.stderr.on('data', look);
        void ended.then((how) =>
          failed(new Error(`ended with ${how} before it said ${pattern}: ${reasonIn(output)}\n${output}`)),
        );
        look();
      }),
  };
}

/** What a program said last before it began to stop: of an error, a list of failures shows the first line alone. */
function reasonIn(output: string): string {
  return (
    output
      .split(/^Stopping/m)[0]
      ?.trimEnd()
      .split('\n')
      .slice(-3)
      .join(' | ') ?? ''
  );
}
