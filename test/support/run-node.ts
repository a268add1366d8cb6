import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { bareEnvironment } from './bare-environment.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Runs a program of the project until it ends, with nothing in its environment but what it is given. */
export function runNode(
  words: readonly string[],
  environment: Record<string, string>,
): Promise<{ exitCode: number; output: string }> {
  const env = { ...bareEnvironment(), ...environment };
  return new Promise((resolve) => {
    execFile(process.execPath, [...words], { cwd: ROOT, env, timeout: 300_000 }, (error, stdout, stderr) =>
      resolve({ exitCode: error === null ? 0 : Number(error.code ?? -1), output: stdout + stderr }),
    );
  });
}
