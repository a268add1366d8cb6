import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import LongestFirst from './test/setup/longest-first.ts';

const FIVE_MINUTES = 300_000;

/** What needs no database, what a browser sees, and the search that comes when nobody writes any more; the rest is `database`. */
const UNIT = [
  'test/audit-seal/**/*.test.ts',
  'test/mutate/**/*.test.ts',
  'test/personnummer/**/*.test.ts',
  'test/runtime/**/*.test.ts',
  'test/package-lock.test.ts',
];
const BROWSER = ['test/browser/**/*.test.ts', 'test/coordinator-desk/browser/**/*.test.ts'];
const LAST = ['test/last/**/*.test.ts'];

export default defineConfig({
  test: {
    // Files share processes: starting one, and reading all modules anew, takes as long as many files do. What a test sets
    // (clock, environment, handlers) it takes back.
    pool: 'forks',
    isolate: false,
    maxWorkers: Math.max(4, availableParallelism()),
    testTimeout: FIVE_MINUTES,
    hookTimeout: FIVE_MINUTES,
    globalSetup: ['test/setup/cluster.ts'],
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './test/setup/count-reporter.ts'],
    // The code runs as in production: by Node itself, not through a bundler.
    experimental: { viteModuleRunner: false },
    projects: [
      { extends: true, test: { name: 'unit', include: UNIT, sequence: { groupOrder: 0 } } },
      {
        extends: true,
        test: {
          name: 'database',
          include: ['test/**/*.test.ts'],
          exclude: [...UNIT, ...BROWSER, ...LAST],
          sequence: { groupOrder: 0 },
        },
      },
      { extends: true, test: { name: 'browser', include: BROWSER, sequence: { groupOrder: 0 } } },
      { extends: true, test: { name: 'last', include: LAST, sequence: { groupOrder: 1 } } },
    ],
  },
});
