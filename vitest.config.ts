import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { configDefaults, defineConfig } from 'vitest/config';

/** Real jobs of other sites, which are not ours to pass on: tests use them in addition, where they are. */
const hasRealInput = existsSync(join(import.meta.dirname, '../shared/data'));

const EXCLUDED = [...configDefaults.exclude, ...(hasRealInput ? [] : ['test/**/real-input.test.ts'])];

/** Tests that leave nothing in their process. A process for each of these files would cost 80 s. */
const SHARING = [
  'archive',
  'cli',
  'clusters',
  'column-index',
  'commands',
  'connections',
  'db',
  'dev',
  'doctor',
  'exports',
  'cc-frontend',
  'graphql',
  'http',
  'import',
  'jobs',
  'nodejs',
  'parquet',
  'pages',
  'processes',
  'questions',
  'routes',
  'timed',
].map((folder) => `test/${folder}/**/*.test.ts`);

export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: { name: 'sharing', include: SHARING, exclude: EXCLUDED, isolate: false },
      },
      {
        extends: true,
        test: { name: 'alone', include: ['test/**/*.test.ts'], exclude: [...EXCLUDED, ...SHARING] },
      },
    ],
    // Limits are for hangs: a machine eight times slower than two quiet cores must not meet one. No test measures time by them.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    teardownTimeout: 60_000,
    expect: { poll: { timeout: 60_000, interval: 20 } },
    // Processes of the service start in half the time, as those of bin/cc-jobs do.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/cc-jobs') },
    pool: 'forks',
    maxWorkers: 2,
    // Node runs TypeScript itself: imports take half the time of Vite's.
    experimental: { viteModuleRunner: false, nodeLoader: false },
  },
});
