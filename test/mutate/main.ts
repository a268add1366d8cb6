/**
 * `npm run mutate -- [--sample 100] [--seed 1] [--from 1] [--only private.find_member]`: makes small mistakes in the functions and policies, one
 * at a time, and says which test notices each. First a run of the database tests (or of those that `--tests` names) shows which of
 * them calls which function; what it shows is kept in `.test/` until `--fresh`.
 */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs, stripVTControlCharacters } from 'node:util';
import { readFunctionFiles } from '../../db/function-files.ts';
import { startPostgres } from '../../local/postgres.ts';
import { createChance } from '../chaos/random.ts';
import { type Coverage, readCoverage } from './coverage.ts';
import { type Mutant, mutantsOf, policyMutants } from './mutants.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const COVERAGE = join(ROOT, '.test', 'functions-by-test.json');
const REPORT = join(ROOT, '.test', 'mutants.json');
/** How many of the quickest files are tried together, first and then; the rest come last. */
const STAGES = [2, 10];

type Verdict = Mutant & { verdict: 'noticed' | 'not noticed' | 'no test' | 'not valid'; by: string };

const { values } = parseArgs({
  options: {
    sample: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '1' },
    only: { type: 'string' },
    tests: { type: 'string', multiple: true },
    fresh: { type: 'boolean', default: false },
  },
});

const folder = await mkdtemp(join(tmpdir(), 'mutate-'));
const server = await startPostgres({
  dataFolder: join(folder, 'data'),
  logFile: join(folder, 'postgres.log'),
  password: randomUUID(),
  throwaway: folder,
  settings: { track_functions: 'all', autovacuum_naptime: '1h' },
});
try {
  const coverage = await coverageOf();
  const chosen = choose(await allMutants());
  const verdicts: Verdict[] = [];
  for (const [at, mutant] of chosen.entries()) {
    if (at + 1 < Number(values.from)) continue;
    const verdict = await judge(mutant, coverage);
    verdicts.push(verdict);
    console.log(
      `${at + 1}/${chosen.length} ${verdict.verdict}: ${mutant.name}:${mutant.line} ${mutant.kind}: ${mutant.was} ${verdict.by}`,
    );
    writeFileSync(REPORT, JSON.stringify(verdicts, null, 2));
  }
  const valid = verdicts.filter(({ verdict }) => verdict !== 'not valid');
  const noticed = valid.filter(({ verdict }) => verdict === 'noticed');
  console.log(
    `${noticed.length} of ${valid.length} mistakes were noticed; ${verdicts.length - valid.length} were no valid SQL`,
  );
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

async function allMutants(): Promise<Mutant[]> {
  const functions = (await readFunctionFiles()).flatMap(({ name, sql }) => mutantsOf(name, sql));
  const migrations = globSync('db/migrations/*_row_security.sql', { cwd: ROOT });
  const policies = migrations.flatMap((file) => policyMutants(readFileSync(join(ROOT, file), 'utf8')));
  return [...functions, ...policies];
}

/** The same seed chooses the same mistakes, as many of each kind as there are. */
function choose(mutants: Mutant[]): Mutant[] {
  const wanted = mutants.filter(({ name }) => values.only === undefined || name.startsWith(values.only));
  const chance = createChance(Number(values.seed));
  const kinds = Map.groupBy(chance.shuffle(wanted), ({ kind }) => kind);
  const rounds = Array.from({ length: wanted.length }, (_, nth) => [...kinds.values()].flatMap((of) => of[nth] ?? []));
  return rounds.flat().slice(0, Number(values.sample));
}

/** The quickest files first; the slower ones only where those have not noticed. */
async function judge(mutant: Mutant, coverage: Coverage): Promise<Verdict> {
  const files = coverage[mutant.name.split(' ')[0] as string] ?? coverage['*'] ?? [];
  if (files.length === 0) return { ...mutant, verdict: 'no test', by: '' };
  const mutation = join(folder, 'mutation.sql');
  writeFileSync(mutation, mutant.sql);
  const bounds = [0, ...STAGES, files.length];
  for (const some of bounds
    .slice(1)
    .map((to, nth) => files.slice(bounds[nth], to))
    .filter(({ length }) => length > 0)) {
    const { failed, output } = await runTests(some, { TEST_MUTATION: mutation });
    if (/the mutation does not apply/.test(output)) return { ...mutant, verdict: 'not valid', by: '' };
    if (failed) return { ...mutant, verdict: 'noticed', by: `by ${firstFailure(output) ?? some.join(' ')}` };
  }
  return { ...mutant, verdict: 'not noticed', by: '' };
}

/** `test/db/x.test.ts > what it says`, as the default reporter writes it. */
function firstFailure(output: string): string | undefined {
  return / FAIL +(?:\|?[\w-]+\|? +)?(test\/\S+\.test\.ts(?: > .*)?)/.exec(stripVTControlCharacters(output))?.[1];
}

async function coverageOf(): Promise<Coverage> {
  if (existsSync(COVERAGE) && !values.fresh) return JSON.parse(readFileSync(COVERAGE, 'utf8')) as Coverage;
  console.log('which test calls which function: one run of the database tests');
  const list = join(folder, 'coverage');
  const { output } = await runTests(values.tests ?? ['--project', 'database'], { TEST_COVERAGE: list });
  console.log(output.split('\n').slice(-3).join('\n'));
  const coverage = await readCoverage(server.url, list, output, await readFunctionFiles());
  mkdirSync(join(ROOT, '.test'), { recursive: true });
  writeFileSync(COVERAGE, JSON.stringify(coverage, null, 2));
  return coverage;
}

function runTests(words: string[], environment: Record<string, string>): Promise<{ failed: boolean; output: string }> {
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  return new Promise((done) => {
    execFile(
      process.execPath,
      [vitest, 'run', '--bail', 'TEST_COVERAGE' in environment ? '0' : '1', ...words],
      { cwd: ROOT, env: { ...process.env, ...environment, DATABASE_URL: server.url }, maxBuffer: 100_000_000 },
      (error, stdout, stderr) => done({ failed: error !== null, output: stdout + stderr }),
    );
  });
}
