/** Questions about jobs as SQL for both engines: visibility and filters. */
import { type Mutation, mutation } from './mutation.ts';

export const QUESTIONS: readonly Mutation[] = [
  mutation('questions/where/sqlite.ts', 'allOf([isAnyId(sql.ref(', 'anyOf([isAnyId(sql.ref(', 'db/jobs-page'),
  mutation(
    'questions/where/sqlite.ts',
    "isAnyOf(column('hpc_user'), wellFormed([condition.user]))",
    'sql`1`',
    'db/jobs-page',
  ),
  mutation('questions/count/sqlite.ts', 'whereJob(jobs)', 'sql`1`', 'routes/lists'),
  mutation('questions/statistics/sqlite.ts', 'whereJob(jobs)', 'sql`1`', 'routes/statistics'),
  mutation('questions/one-job/sqlite.ts', 'whereJob(jobs)', 'sql`1`', 'db/jobs-page'),
  mutation('questions/list/sqlite.ts', 'whereJob(jobs)', 'sql`1`', 'db/jobs-page'),
  mutation('questions/list/listed-jobs.ts', 'whereJob(jobs)', 'sql`1`', 'db/listed-jobs'),
  mutation('questions/list/newest-first.ts', 'whereJob(branch)', 'sql`1`', 'db/jobs-page'),
  mutation('questions/histograms/sqlite.ts', 'whereJob(jobs)', 'sql`1`', 'db/random-filters'),
  mutation('questions/metric-histograms/sqlite.ts', 'whereJob(jobs)', 'sql`1`', 'db/random-filters'),
  mutation('questions/used-nodes/sqlite.ts', "job.job_state = 'running' AND ", '', 'db/statistics'),
  mutation(
    'questions/histograms/duckdb.ts',
    'whereColumns(jobs.conditions, context)',
    "'true'",
    'column-index/equality',
  ),
  mutation(
    'questions/metric-histograms/duckdb.ts',
    'whereColumns(jobs.conditions, context)',
    "'true'",
    'column-index/equality',
  ),
  mutation(
    'questions/statistics/duckdb.ts',
    'whereColumns(jobs.conditions, context)',
    "'true'",
    'column-index/equality',
  ),
  mutation('questions/list/duckdb.ts', 'whereColumns(jobs.conditions, context), ', '', 'column-index/lists'),
  mutation('questions/list/batches.ts', 'Math.min(this.#left, MOST_PLACES)', 'this.#left', 'column-index/lists'),
  mutation('questions/list/read-ahead.ts', '!isFirst && ahead.mayRead()', '!isFirst', 'db/pages'),
];
