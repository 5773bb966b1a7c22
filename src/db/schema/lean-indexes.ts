/**
 * The lean indexes of a new file: name -> the text after `ON job`, exactly as in migrations/0002 and 0008 (a
 * test compares them). They are repeated here because a Worker cannot read the file.
 */
export const LEAN_INDEXES: Readonly<Record<string, string>> = {
  jobs_starttime: '(start_time)',
  jobs_cluster_starttime: '(cluster, start_time)',
  jobs_user_starttime: '(hpc_user, start_time)',
  jobs_project_starttime: '(project, start_time)',
  jobs_jobstate_starttime: '(job_state, start_time)',
  jobs_cluster_user_starttime: '(cluster, hpc_user, start_time)',
  jobs_cluster_jobstate_starttime: '(cluster, job_state, start_time)',
  jobs_arrayjobid_starttime: '(array_job_id, start_time) WHERE array_job_id > 0',
  jobs_long_starttime: '(start_time) WHERE duration > 604800',
};

/** The statement that creates one of the indexes. */
export function createIndexSql(name: string): string {
  return `CREATE INDEX ${name} ON job ${LEAN_INDEXES[name]}`;
}
