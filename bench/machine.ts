import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem, type } from 'node:os';

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

export function describeMachine(postgres: string, fsyncsPerSecond: number): Machine {
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
