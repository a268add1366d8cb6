import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRunning } from '../is-running.ts';

/** Another stack is using the folder. */
class StackIsRunning extends Error {
  override readonly name = 'StackIsRunning';
  readonly code = 'stack_is_running';
  readonly pid: number;

  constructor(pid: number) {
    super(`a stack is already running (process ${pid}); stop it with Ctrl-C in its terminal, or kill ${pid}`);
    this.pid = pid;
  }
}

/**
 * Claims a stack's folder for this process. A claim that a dead process left behind does not count.
 *
 * @returns gives the folder free again
 * @throws {StackIsRunning}
 */
export function lockFolder(root: string): () => void {
  mkdirSync(root, { recursive: true });
  const file = join(root, 'stack.pid');
  const holder = readHolder(file);
  if (holder !== undefined) throw new StackIsRunning(holder);
  rmSync(file, { force: true });
  try {
    writeFileSync(file, `${process.pid}\n`, { flag: 'wx' });
  } catch {
    // Somebody started one in the same moment.
    throw new StackIsRunning(readHolder(file) ?? 0);
  }
  return () => rmSync(file, { force: true });
}

function readHolder(file: string): number | undefined {
  let pid: number;
  try {
    pid = Number(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
  return pid !== process.pid && isRunning(pid) && /node|npm/.test(commandOf(pid)) ? pid : undefined;
}

/** After a reboot the number may belong to something else altogether. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  }
}
