/** The list of mutations agrees with the code. `npm run mutations` applies them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MUTATIONS, shown } from './mutations/all.ts';
import { occurrences, partsOf } from './mutations/mutation.ts';

const ROOT = join(import.meta.dirname, '..');
const SRC = join(ROOT, 'src');

test.each(MUTATIONS.map((mutation) => [shown(mutation), mutation] as const))('%s', (_, { file, from, to, tests }) => {
  const found = occurrences(readFileSync(join(SRC, file), 'utf8'), from);
  expect(found, `occurrences of ${JSON.stringify(from)} in src/${file}: mend test/mutations/`).toBe(1);
  expect(to).not.toBe(from);
  expect(tests.length).toBeGreaterThan(0);
  for (const { path, name } of tests.map(partsOf)) {
    expect(existsSync(join(ROOT, path)), path).toBe(true);
    if (name === undefined) continue;
    expect(tests).toHaveLength(1);
    expect(readFileSync(join(ROOT, path), 'utf8'), path).toContain(name);
  }
});

/** Directories in which each file has a mutation, or is in the list below. */
const FOLDERS = ['http', 'processes', 'connections', 'column-index', 'questions', 'nodejs', 'graphql'];

/**
 * Files without a line that guards something: types, tables, programs, and files that mutations of other files cover.
 */
const WITHOUT = [
  'http/faults/is-logged.ts',
  'column-index/answer-json.ts',
  'column-index/build/program.ts',
  'column-index/index-protocol.ts',
  'column-index/open-duckdb.ts',
  'column-index/index-report.ts',
  'connections/connection-protocol.ts',
  'column-index/question-to-query.ts',
  'column-index/build/reader-program.ts',
  'column-index/incoming-jobs.ts',
  'column-index/index-state.ts',
  'questions/quantized-doubles.ts',
  'questions/caller-questions.ts',
  'questions/index-port.ts',
  'connections/start-connection.ts',
  'graphql/raw-json.ts',
  'graphql/resolvers/index.ts',
  'graphql/resolvers/metric-store.ts',
  'graphql/schema/cluster-types.ts',
  'graphql/schema/job-types.ts',
  'graphql/schema/metric-types.ts',
  'graphql/schema/operations.ts',
  'graphql/stored-job.ts',
  'http/assets.ts',
  'http/auth/oidc/oidc-contacts.ts',
  'http/auth/oidc/oidc-gate.ts',
  'http/auth/signing-keys.ts',
  'http/service.ts',
  'http/json/job-schema.ts',
  'http/prometheus/prometheus-port.ts',
  'http/json/large-bodies.ts',
  'http/json/node-body.ts',
  'http/request-values.ts',
  'http/shared-state.ts',
  'nodejs/asset-files.ts',
  'nodejs/cluster-files.ts',
  'nodejs/start-column-index.ts',
  'nodejs/loop-lag.ts',
  'nodejs/password-program.ts',
  'nodejs/startup-plan.ts',
  'nodejs/wait-at-most.ts',
  'processes/counters.ts',
  'processes/fault-messages.ts',
  'processes/named-pipe.ts',
  'processes/process-state.ts',
  'processes/protocol.ts',
  'processes/response-byte-gc.ts',
  'processes/rss.ts',
  'questions/count/duckdb.ts',
  'questions/count/question.ts',
  'questions/duckdb-query.ts',
  'questions/histograms/question.ts',
  'questions/list/sort-buckets.ts',
  'questions/list/question.ts',
  'questions/list/statement-template.ts',
  'questions/metric-histograms/question.ts',
  'questions/nodes/question.ts',
  'questions/overview/question.ts',
  'questions/parquet-format.ts',
  'questions/partitions/duckdb.ts',
  'questions/partitions/question.ts',
  'questions/index-question.ts',
  'questions/statistics/question.ts',
  'questions/where/hosts.ts',
];

test('every file has a mutation, or a reason to have none', () => {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(join(SRC, folder), { recursive: true })
      .map((name) => `${folder}/${name}`)
      .filter((name) => name.endsWith('.ts')),
  );
  const covered = new Set(MUTATIONS.map(({ file }) => file));
  expect(files.filter((name) => !covered.has(name)).toSorted()).toEqual(WITHOUT.toSorted());
});
