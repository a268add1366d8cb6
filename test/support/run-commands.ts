import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';

// Runs commands one after the other in this process, each as if it had been started alone, and prints what became of them as JSON. Starting a process
// for each would take a second of processor time each.

type Call = { name: string; file: string; word: string };

const calls: Call[] = JSON.parse(process.argv[2] ?? '[]');
const runs: Record<string, { code: number; out: string; err: string }> = {};
for (const [at, { name, file, word }] of calls.entries()) {
  const run = { code: 0, out: '', err: '' };
  console.log = (...said) => {
    run.out += `${format(...said)}\n`;
  };
  console.error = (...said) => {
    run.err += `${format(...said)}\n`;
  };
  process.exitCode = undefined;
  const path = join(import.meta.dirname, '../..', file);
  process.argv = [process.argv[0] as string, path, word];
  await import(`${pathToFileURL(path).href}?${at}`);
  run.code = Number(process.exitCode ?? 0);
  runs[`${name} ${word}`] = run;
}
process.exitCode = 0;
process.stdout.write(JSON.stringify(runs));
