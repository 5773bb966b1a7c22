import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { configDefaults, defineConfig } from 'vitest/config';

/** Real jobs of other sites, which are not ours to pass on: tests use them in addition, where they are. */
const hasRealInput = existsSync(join(import.meta.dirname, '../shared/data'));

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...(hasRealInput ? [] : ['test/**/real-input.test.ts'])],
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
