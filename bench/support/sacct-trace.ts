import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { generateJobs } from '../../src/dev/generate-jobs.ts';
import { END_SEC } from './database.ts';

const COLUMNS =
  'JobID|JobIDRaw|Cluster|Partition|Account|User|Submit|Start|Elapsed|State|AllocCPUS|Timelimit|NodeList|JobName';
const DAY_SEC = 86_400;

/** Generated jobs in the format of `sacct -P`, on a cluster of their own. */
export async function writeTrace(path: string, jobs: number): Promise<void> {
  const file = createWriteStream(path);
  file.write(`${COLUMNS}\n`);
  const iso = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 19);
  for (const job of generateJobs({ jobs, seed: 2, endTime: END_SEC })) {
    const fields = [
      job.jobId,
      job.jobId,
      'traced',
      job.partition,
      job.project,
      job.user,
      iso(job.startTime - 60),
      iso(job.startTime),
      `${Math.floor(job.duration / DAY_SEC)}-${iso(job.duration % DAY_SEC).slice(11)}`,
      job.jobState.toUpperCase(),
      job.numHwthreads,
      '1-00:00:00',
      job.resources.map(({ hostname }) => hostname).join(),
      job.metaData?.['jobName'],
    ];
    if (!file.write(`${fields.join('|')}\n`)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
}
