import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkArchive, readClusters } from '../archive/version-and-clusters.ts';
import { writeCluster } from '../archive/write-job.ts';
import type { Clusters } from '../clusters/clusters.ts';
import { BatchBuilder, type ImportBatch, type ImportSource } from '../import/batch.ts';
import type { Job } from '../jobs/job.ts';
import { StartupError } from '../startup-error.ts';
import { type GenerateOptions, generateJobs } from './generate-jobs.ts';
import { clusterFileOf, GENERATED_CLUSTERS } from './generated-clusters.ts';
import { archiveJob } from './job-files.ts';
import { Random } from './random.ts';

export interface GeneratedOptions extends GenerateOptions {
  archivePath: string;
  /** Maximum number of finished jobs with files in the archive, among the newest. The others have no metric data. */
  archived: number;
}

/**
 * Generated jobs as a source for an import. Writes their clusters to the archive. Throws StartupError if a cluster with
 * one of these names has a different configuration, because its jobs would be mixed with generated ones.
 */
export async function generatedSource(options: GeneratedOptions): Promise<ImportSource> {
  const isNew = !existsSync(options.archivePath);
  await checkArchive(options.archivePath, { create: true });
  const added: string[] = [];
  for (const cluster of GENERATED_CLUSTERS) {
    const json = `${JSON.stringify(clusterFileOf(cluster))}\n`;
    const file = join(options.archivePath, cluster.name, 'cluster.json');
    const before = await readFile(file, 'utf8').catch(() => undefined);
    if (before !== undefined && before !== json) {
      throw new StartupError(`${file} is another cluster of that name: set ARCHIVE_PATH to another folder`);
    }
    if (before !== undefined) continue;
    await writeCluster(options.archivePath, cluster.name, json);
    added.push(cluster.name);
  }
  const clusters = await readClusters(options.archivePath);
  return { total: options.jobs, addedClusters: isNew ? [] : added, batches: () => batchesOf(options, clusters) };
}

async function* batchesOf(options: GeneratedOptions, clusters: Clusters): AsyncGenerator<ImportBatch, void, void> {
  const builder = new BatchBuilder(options.endTime);
  const random = new Random(options.seed ^ 0xda7a);
  // Many of the newest jobs are running, and one submission may have hundreds: choose one in eight of a larger part.
  const archiveFrom = options.jobs - 20 * options.archived;
  let position = 0;
  let left = options.archived;
  for (const job of generateJobs(options)) {
    const isArchived = left > 0 && position >= archiveFrom && job.jobState !== 'running' && random.chance(1 / 8);
    if (isArchived) left--;
    position++;
    builder.job(isArchived ? await archive(options, random, job, clusters) : job, false, `job ${position}`);
    if (builder.isFull) yield builder.take(position);
  }
  yield builder.take(position);
}

async function archive(options: GeneratedOptions, random: Random, job: Job, clusters: Clusters): Promise<Job> {
  const subCluster = clusters.subCluster(job.cluster, job.subCluster);
  return subCluster === undefined ? job : await archiveJob(options.archivePath, random, job, subCluster);
}
