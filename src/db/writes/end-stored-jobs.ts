import { hasEnded, isUnended, type JobState } from '../../jobs/job-enums.ts';
import { JOB_NUMBERS } from '../../jobs/number-fields.ts';
import type { Transaction } from '../driver/transaction.ts';
import { JOB_COLUMNS, type JobRow } from '../job-rows.ts';
import { HAS_ASSUMED_END, HAS_OPEN_END } from '../sql/assumed-end.ts';

type Column = (typeof JOB_COLUMNS)[number];

/** The parameter with the value of a column, where the parameters are a whole row. */
function value(column: Column): string {
  return `?${JOB_COLUMNS.indexOf(column) + 1}`;
}

/** The value of the row, unless it says nothing (0, '' or NULL): then the stored value. */
function known(column: Column, nothing: string): string {
  return `coalesce(nullif(${value(column)}, ${nothing}), ${column})`;
}

/** If two lists have the same number of hosts, the longer text has their hardware threads and accelerators. */
const HAS_BETTER_RESOURCES = `num_nodes <> ${value('num_nodes')} OR length(resources) < length(${value('resources')})`;

/** The numbers that are replaced if they are known. The others have a rule of their own. */
const NUMBERS = JOB_NUMBERS.map(({ column }) => column).filter(
  (column) => !['start_time', 'duration', 'num_nodes', 'monitoring_status'].includes(column),
);

/** Metadata that is not an object is replaced. */
const STORED_META = `CASE WHEN json_valid(CAST(meta_data AS TEXT)) AND json_type(CAST(meta_data AS TEXT)) = 'object'
  THEN CAST(meta_data AS TEXT) ELSE '{}' END`;

const END = `UPDATE job SET
  job_state = ${value('job_state')},
  duration = ${value('duration')},
  monitoring_status = ${value('monitoring_status')},
  hpc_user = ${known('hpc_user', "''")},
  project = ${known('project', "''")},
  cluster_partition = ${known('cluster_partition', "''")},
  array_job_id = ${known('array_job_id', '0')},
  ${NUMBERS.map((column) => `${column} = ${known(column, '0')},`).join('\n  ')}
  shared = ${known('shared', "'none'")},
  energy_footprint = ${known('energy_footprint', "'null'")},
  footprint = ${known('footprint', "'null'")},
  meta_data = CASE json_type(${value('meta_data')}) WHEN 'object' THEN json_patch(${STORED_META}, ${value('meta_data')})
    ELSE meta_data END,
  resources = CASE WHEN ${HAS_BETTER_RESOURCES} THEN ${value('resources')} ELSE resources END,
  num_nodes = ${value('num_nodes')}
WHERE job_id = ${value('job_id')} AND cluster = ${value('cluster')} AND start_time = ${value('start_time')}
  AND ${HAS_OPEN_END}`;

/**
 * A job that ran longer than is stored was seen later: it may have been suspended or resumed since, or got a longer
 * walltime. It goes on even if an end was assumed.
 */
const FOLLOW = `UPDATE job SET job_state = ?4, duration = ?5, walltime = coalesce(nullif(?6, 0), walltime),
    monitoring_status = CASE WHEN ${HAS_ASSUMED_END} THEN ?7 ELSE monitoring_status END
  WHERE job_id = ?1 AND cluster = ?2 AND start_time = ?3 AND ${HAS_OPEN_END} AND duration < ?5`;
const FOLLOWED = (
  ['job_id', 'cluster', 'start_time', 'job_state', 'duration', 'walltime', 'monitoring_status'] as const
).map((name) => JOB_COLUMNS.indexOf(name));

const STATE = JOB_COLUMNS.indexOf('job_state');

/**
 * Ends stored jobs with the rows of the same jobs that have ended. Every known value of a row replaces the stored one.
 * A row of a job that has not ended updates its state and duration if the row is newer. Returns the number of jobs that
 * ended.
 */
export async function endStoredJobs(tx: Transaction, rows: readonly JobRow[]): Promise<number> {
  const following = rows.filter((row) => isUnended(stateOf(row)));
  await tx.runEach(
    FOLLOW,
    following.map((row) => FOLLOWED.map((at) => row[at] ?? null)),
  );
  return await tx.runEach(
    END,
    rows.filter((row) => hasEnded(stateOf(row))),
  );
}

function stateOf(row: JobRow): JobState {
  return row[STATE] as JobState;
}
