/**
 * Migrations of a release never change: `db/migrations/released.sha256` names each with its digest, as `sha256sum` writes them.
 * `npm run db:release` adds the ones that are new; `npm run check` refuses a changed, missing or misplaced one.
 */
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const LIST = 'released.sha256';

/** @returns file name and digest of every released migration; none before the first release */
export function readReleased(folder: string): Map<string, string> {
  const list = join(folder, LIST);
  if (!existsSync(list)) return new Map();
  const lines = readFileSync(list, 'utf8').split('\n').filter(Boolean);
  return new Map(lines.map((line) => [line.slice(66), line.slice(0, 64)]));
}

/** @returns what is wrong with the migrations of earlier releases, or with the place of new ones: file and sentence */
export function changedHistory(folder: string): { file: string; says: string }[] {
  const released = readReleased(folder);
  const last = [...released.keys()].at(-1) ?? '';
  const there = new Set(migrations(folder));
  const lost = [...released.keys()].filter((file) => !there.has(file));
  const changed = [...released].filter(([file, digest]) => there.has(file) && digestOf(folder, file) !== digest);
  const early = [...there].filter((file) => !released.has(file) && file < last);
  return [
    ...lost.map((file) => ({ file, says: 'was released and is gone: bring it back' })),
    ...changed.map(([file]) => ({ file, says: 'was released and must not change: write a new migration' })),
    ...early.map((file) => ({ file, says: `needs a higher number than the last released one, ${last}` })),
  ];
}

function migrations(folder: string): string[] {
  return globSync('*.sql', { cwd: folder }).sort();
}

function digestOf(folder: string, file: string): string {
  return createHash('sha256')
    .update(readFileSync(join(folder, file)))
    .digest('hex');
}

if (import.meta.main) {
  const folder = join(import.meta.dirname, 'migrations');
  const faults = changedHistory(folder);
  for (const { file, says } of faults) console.error(`${file}: ${says}`);
  if (faults.length > 0) process.exitCode = 1;
  else {
    const lines = migrations(folder).map((file) => `${digestOf(folder, file)}  ${file}\n`);
    writeFileSync(join(folder, LIST), lines.join(''));
    console.log(`${lines.length} migrations are released`);
  }
}
