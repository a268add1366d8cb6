import { execFileSync } from 'node:child_process';
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';

/** Where the figures were taken. No names, no paths. */
export type Machine = {
  cpu: string;
  cores: number;
  memoryGb: number;
  system: string;
  node: string;
  postgres: string;
  /** Processes waiting for a core just before the run: above 0.5, somebody else was at work. */
  loadBefore: number;
  fsyncsPerSecond: number;
  commit: string;
};

/** @param folder on the disk that the database is on */
export function describeMachine(postgres: string, folder: string): Machine {
  const fsyncsPerSecond = measureFsync(folder);
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
    postgres,
    loadBefore: loadavg()[0] ?? 0,
    fsyncsPerSecond: Math.round(fsyncsPerSecond),
    commit: commit(),
  };
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown';
  }
}

/** How many times a second this disk says that a small write has reached it. */
function measureFsync(folder: string): number {
  const file = openSync(join(folder, 'fsync'), 'w');
  const block = Buffer.alloc(8192);
  const begun = performance.now();
  let count = 0;
  for (; performance.now() - begun < 1_000; count += 1) {
    writeSync(file, block, 0, block.length, 0);
    fdatasyncSync(file);
  }
  closeSync(file);
  return count / ((performance.now() - begun) / 1000);
}
