import { globSync, mkdirSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { isRunning } from '../local/is-running.ts';
import { chooseCluster } from './support/choose-cluster.ts';
import { ensureTemplate } from './support/template.ts';

// `npm test [-- PATTERN ...]`: all tests, or those whose files match the patterns (globs or parts of a path).

const ROOT = resolve(import.meta.dirname, '..');
const ARTIFACTS = resolve(ROOT, '.test', String(process.pid));
const FILE_TIMEOUT_MS = 300_000;
const CONCURRENCY = 4;
const SLOWEST_SHOWN = 12;

type Counts = { passed: number; failed: number };

const durations = new Map<string, number>();

function filesToRun(patterns: string[]): { first: string[]; last: string[] } {
  const all = globSync('test/**/*.test.ts', { cwd: ROOT }).sort();
  const matching = (pattern: string) => {
    const wanted = relative(ROOT, resolve(pattern));
    const globbed = new Set(globSync(wanted, { cwd: ROOT }));
    return all.filter((file) => globbed.has(file) || file.includes(pattern.replace(/^\.\//, '')));
  };
  const chosen = patterns.length === 0 ? all : [...new Set(patterns.flatMap(matching))];
  const isLast = (file: string) => file.startsWith('test/last/');
  return { first: chosen.filter((file) => !isLast(file)), last: chosen.filter(isLast) };
}

/** Runs files in processes of their own, reports on standard output, and counts the tests. */
async function runFiles(files: string[], concurrency: number): Promise<Counts> {
  if (files.length === 0) return { passed: 0, failed: 0 };
  // Without forceExit: it ends processes before all of their results are read, and a lost failure would not be noticed.
  const stream = run({ files: files.map((file) => resolve(ROOT, file)), concurrency, timeout: FILE_TIMEOUT_MS });
  let counts: Counts = { passed: 0, failed: 0 };
  stream.on('test:summary', ({ file, counts: all, success, duration_ms }) => {
    if (file !== undefined) return void durations.set(relative(ROOT, file), duration_ms);
    const failed = all.tests - all.passed - all.skipped - all.todo;
    counts = { passed: all.passed, failed: Math.max(failed, success ? 0 : 1) };
  });
  const report = stream.compose(new spec());
  for await (const text of report) process.stdout.write(text);
  return counts;
}

/** The suite has five minutes: where they go is said each time. */
function showSlowest() {
  const slowest = [...durations].sort(([, a], [, b]) => b - a).slice(0, SLOWEST_SHOWN);
  for (const [file, ms] of slowest) console.log(`${(ms / 1000).toFixed(1).padStart(6)} s  ${file}`);
}

/** Logs stay for reading until the next run; those of runs still under way are not ours to touch. */
async function removeOldArtifacts() {
  for (const name of await readdir(dirname(ARTIFACTS)).catch(() => [])) {
    if (!isRunning(Number(name))) await rm(resolve(dirname(ARTIFACTS), name), { recursive: true, force: true });
  }
}

async function main(): Promise<number> {
  const { first, last } = filesToRun(process.argv.slice(2));
  if (first.length + last.length === 0) {
    console.error('no test file matches');
    return 2;
  }
  await removeOldArtifacts();
  mkdirSync(ARTIFACTS, { recursive: true });
  await using cluster = await chooseCluster(ARTIFACTS);
  console.log(`database: ${cluster.description}`);
  process.env.TEST_DATABASE_URL = cluster.url;
  process.env.TEST_ARTIFACTS = ARTIFACTS;
  await ensureTemplate(cluster.url);
  const counts = await runFiles(first, CONCURRENCY);
  // They search everything the others left behind, so they come when nobody writes any more.
  const afterwards = await runFiles(last, CONCURRENCY);
  showSlowest();
  const passed = counts.passed + afterwards.passed;
  const failed = counts.failed + afterwards.failed;
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
  console.log(`${passed} passed, ${failed} failed`);
  return process.exitCode;
}

process.exitCode = await main();
