import type { Job } from '../../jobs/job.ts';
import type { SqlValue } from '../statement.ts';
import type { Transaction } from '../transaction.ts';

export interface InsertJobsInput {
  jobs: readonly Job[];
}

export interface InsertJobsOutput {
  /** Rows added; the others were there already (same jobId, cluster and startTime) and stay as they are. */
  inserted: number;
}

const INSERT_JOB = `INSERT OR IGNORE INTO job (job_id, cluster, subcluster, start_time, hpc_user, project, cluster_partition,
  array_job_id, duration, walltime, job_state, meta_data, resources, num_nodes, num_hwthreads, num_acc, smt, shared,
  monitoring_status, energy, energy_footprint, footprint)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** Adds the jobs that are not there yet, with their tags. */
export async function insertJobs(tx: Transaction, { jobs }: InsertJobsInput): Promise<InsertJobsOutput> {
  const inserted = await tx.runEach(INSERT_JOB, jobs.map(columnsOf));
  for (const job of jobs) {
    for (const tag of job.tags) {
      await tx.run('INSERT OR IGNORE INTO tag (tag_type, tag_name, tag_scope) VALUES (?, ?, ?)', [
        tag.type,
        tag.name,
        tag.scope,
      ]);
      await tx.run(
        `INSERT OR IGNORE INTO jobtag (job_id, tag_id)
         SELECT job.id, tag.id FROM job, tag
         WHERE job.job_id = ? AND job.cluster = ? AND job.start_time = ? AND tag.tag_type = ? AND tag.tag_name = ?`,
        [job.jobId, job.cluster, job.startTime, tag.type, tag.name],
      );
    }
  }
  return { inserted };
}

/** The values of INSERT_JOB, in its order. Text is written as TEXT, also the JSON (contract/database.md §6). */
function columnsOf(job: Job): SqlValue[] {
  return [
    job.jobId,
    job.cluster,
    job.subCluster,
    job.startTime,
    job.user,
    job.project,
    job.partition,
    job.arrayJobId,
    job.duration,
    job.walltime,
    job.jobState,
    JSON.stringify(job.metaData),
    JSON.stringify(job.resources),
    job.numNodes,
    job.numHwthreads,
    job.numAcc,
    job.smt,
    job.shared,
    job.monitoringStatus,
    job.energy,
    job.energyFootprint === null ? null : JSON.stringify(job.energyFootprint),
    JSON.stringify(job.footprint),
  ];
}
