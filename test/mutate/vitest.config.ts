import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

/** For `npm run mutate:ts`: the tests of what stryker.config.json names. A file whose mistake only a database shows needs the cluster. */
export default defineConfig({
  root: resolve(import.meta.dirname, '../..'),
  test: {
    include: [
      'test/personnummer/*.test.ts',
      'test/auth-callback/claims/*.test.ts',
      'test/auth-callback/provider/{acr,authentication-time,hostile-tokens}.test.ts',
      'test/worker/classify.test.ts',
      'test/members-import/{fields,reading,records,written-numbers}.test.ts',
    ],
    globalSetup: ['test/setup/cluster.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // The code runs as in production: by Node itself, not through a bundler.
    experimental: { viteModuleRunner: false },
  },
});
