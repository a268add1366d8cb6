import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { RehearsedRows } from './configure.ts';

/** The commands that try a row, by what they try. Programs do not import each other, so each is a process of its own. */
const COMMANDS = {
  providers: 'auth-callback/provider-check.ts',
  memberSystems: 'worker/check-member-system.ts',
} as const;

/**
 * Tries rows that may not be in the database yet, by the same commands that try those that are.
 *
 * @param environment the variables of callback and worker that the rows depend on
 * @param say gets what the commands print, a line at a time
 * @returns whether none of them has a fault
 */
export async function tryRows(
  rows: RehearsedRows,
  environment: Record<string, string | undefined>,
  say: (line: string) => void,
): Promise<boolean> {
  let good = true;
  for (const kind of ['providers', 'memberSystems'] as const) {
    if (rows[kind].length > 0 && (await run(COMMANDS[kind], rows[kind], environment, say)) !== 0) good = false;
  }
  return good;
}

function run(
  program: string,
  rows: unknown[],
  env: Record<string, string | undefined>,
  say: (line: string) => void,
): Promise<number | null> {
  const path = join(import.meta.dirname, '..', program);
  const child = spawn(process.execPath, [path, '--rows'], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  for (const input of [child.stdout, child.stderr]) createInterface({ input }).on('line', say);
  // A command that ends before it has read everything has said why.
  child.stdin.on('error', () => undefined).end(JSON.stringify(rows));
  return new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
}
