import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { configDefaults, defineConfig } from 'vitest/config';

/** Real jobs of other sites, which are not ours to pass on: tests use them in addition, where they are. */
const hasRealInput = existsSync(join(import.meta.dirname, '../shared/data'));

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...(hasRealInput ? [] : ['test/**/real-input.test.ts'])],
    // Tests start real processes and databases on a two-core machine; a wait below is for the slowest CI, not a measure.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
