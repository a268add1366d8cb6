import { type ChildProcess, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');

export type BenchProgram = { pid: number; kill(): Promise<void>; stop(): Promise<void> };

/** Starts one of our programs with nothing of our own environment but PATH and HOME; its output goes to a file. */
export function startBenchProgram(
  folder: string,
  file: string,
  environment: Record<string, string>,
  words: string[] = [],
): BenchProgram {
  const { PATH = '', HOME = '' } = process.env;
  const log = openSync(join(folder, `${file.replaceAll('/', '-')}.log`), 'a');
  const child = spawn(process.execPath, [join(ROOT, file), ...words], {
    env: { PATH, HOME, ...environment },
    stdio: ['ignore', log, log],
  });
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  const end = (signal: NodeJS.Signals) => async () => {
    child.kill(signal);
    await ended;
  };
  const leaving = () => killQuietly(child);
  process.once('exit', leaving);
  child.once('exit', () => process.removeListener('exit', leaving));
  return { pid: child.pid as number, kill: end('SIGKILL'), stop: end('SIGTERM') };
}

function killQuietly(child: ChildProcess): void {
  if (child.exitCode === null) child.kill('SIGKILL');
}
