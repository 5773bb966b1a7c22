/** The list of mutations fits the code. `npm run mutations` runs it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MUTATIONS, shown } from './mutations/all.ts';

const SRC = join(import.meta.dirname, '../src');

test.each(MUTATIONS.map((mutation) => [shown(mutation), mutation] as const))('%s', (_, { file, from, to, tests }) => {
  const parts = readFileSync(join(SRC, file), 'utf8').split(from);
  expect(parts.length - 1, `occurrences of ${JSON.stringify(from)} in src/${file}: mend test/mutations/`).toBe(1);
  expect(to).not.toBe(from);
  expect(tests.length).toBeGreaterThan(0);
  for (const name of tests) expect(existsSync(join(import.meta.dirname, `${name}.test.ts`)), name).toBe(true);
});

/** Files in which no line guards anything: types, tables, programs, and what others below say of them. */
const WITHOUT: Readonly<Record<'http' | 'pool', readonly string[]>> = {
  http: [
    'answers.ts',
    'archived-statistics.ts',
    'assets.ts',
    'env.ts',
    'job-data.ts',
    'job-filter-query.ts',
    'job-body.ts',
    'job-schema.ts',
    'keys.ts',
    'page-query.ts',
    'query-parameters.ts',
    'shown-job.ts',
    'node-body.ts',
    'node-server.ts',
    'json-body.ts',
    'large-bodies.ts',
    'slices.ts',
    'request.ts',
  ],
  pool: [
    'archive.ts',
    'syncer.ts',
    'connections.ts',
    'counters.ts',
    'faults.ts',
    'passing-bytes.ts',
    'pool.ts',
    'process-state.ts',
    'protocol.ts',
    'readers.ts',
    'replica.ts',
    'rss.ts',
  ],
};

describe.each(['http', 'pool'] as const)('src/%s', (folder) => {
  test('has a mutation for each file, or a reason to have none', () => {
    const files = readdirSync(join(SRC, folder)).filter((name) => name.endsWith('.ts'));
    const covered = new Set(MUTATIONS.map(({ file }) => file));
    const missing = files.filter((name) => !covered.has(`${folder}/${name}`));
    expect(missing.toSorted()).toEqual([...WITHOUT[folder]].toSorted());
  });
});
