/** The lean indexes of a new file, as migrations/0002_lean_indexes.sql makes them: name -> columns of `job`. */
export const LEAN_INDEXES: Readonly<Record<string, string>> = {
  jobs_starttime: 'start_time',
  jobs_cluster_starttime: 'cluster, start_time',
  jobs_user_starttime: 'hpc_user, start_time',
  jobs_project_starttime: 'project, start_time',
  jobs_jobstate_starttime: 'job_state, start_time',
  jobs_cluster_user_starttime: 'cluster, hpc_user, start_time',
  jobs_cluster_jobstate_starttime: 'cluster, job_state, start_time',
};

/** The statement that makes one of them, to the letter of the migration. */
export function createIndexSql(name: string): string {
  return `CREATE INDEX ${name} ON job (${LEAN_INDEXES[name]})`;
}
