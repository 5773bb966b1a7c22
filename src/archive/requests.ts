import type { Scope } from '../clusters/schema.ts';
import { changeMeta, type MetaChange } from './change-meta.ts';
import { readJobData } from './data.ts';
import { type DataShape, jobDataText } from './data-json.ts';
import { reasonOf } from './files.ts';
import { type ArchiveJob, jobFolder } from './layout.ts';
import { readStatistics } from './meta-json.ts';
import { selectJobData } from './select.ts';

/** The requests to the archive's process, which decodes files. Its answers are JSON text. */
export type ArchiveRequest = StatisticsRequest | JobDataRequest | FollowRequest;

/** The protocol of the archive's program. */
export interface ArchiveProtocol {
  /** The folder of the archive. */
  readonly options: string;
  readonly calls: { answer: { input: ArchiveRequest; output: ArchiveAnswer } };
  /** A piece of metric data. The pieces precede the answer, which then does not contain the text. */
  readonly step: Uint8Array;
}

/** The statistics of some jobs, from their meta.json. */
export interface StatisticsRequest {
  kind: 'statistics';
  jobs: readonly ArchiveJob[];
}

/** The metric data of one job. */
export interface JobDataRequest {
  kind: 'jobData';
  job: ArchiveJob;
  /** null: all. Unknown metrics are left out. */
  metrics: readonly string[] | null;
  /** Metrics to leave out, even if all are requested. */
  without?: readonly string[];
  /** Null: all. */
  scopes: readonly Scope[] | null;
  /** Seconds. null: native resolution. */
  resolution: number | null;
  shape: DataShape;
}

/** Updates the meta.json of jobs. */
export interface FollowRequest {
  kind: 'follow';
  changes: readonly MetaChange[];
}

/** Texts to forward, or null if there is nothing to read. `problems` has the reasons for the log. */
export interface ArchiveAnswer {
  /** One per requested job, in order. A jobData request has one (its process sends it in pieces), `follow` has none. */
  texts: (string | null)[];
  problems: string[];
}

/** Number of meta.json files that are read at the same time. */
const READ_AHEAD = 16;

/**
 * Answers from the archive at `root`. Never throws: a missing, invalid or too large file becomes null with a reason.
 * Runs in a process of its own, because a decoded job may take hundreds of megabytes.
 */
export async function answerArchiveRequest(root: string, request: ArchiveRequest): Promise<ArchiveAnswer> {
  const problems: string[] = [];
  const attempt = async (job: ArchiveJob, read: (folder: string) => Promise<string | null>) => {
    const folder = jobFolder(root, job);
    if (folder === undefined) return null;
    try {
      return await read(folder);
    } catch (error) {
      problems.push(`${folder}: ${reasonOf(error)}`);
      return null;
    }
  };
  if (request.kind === 'jobData') {
    const read = async (folder: string) => {
      const data = selectJobData(await readJobData(folder, request.metrics, request.without), request);
      return jobDataText(data, request.shape);
    };
    return { texts: [await attempt(request.job, read)], problems };
  }
  if (request.kind === 'follow') {
    for (const change of request.changes) {
      await attempt(change.job, async (folder) => {
        await changeMeta(folder, change);
        return null;
      });
    }
    return { texts: [], problems };
  }
  const texts: (string | null)[] = [];
  for (let from = 0; from < request.jobs.length; from += READ_AHEAD) {
    const batch = request.jobs.slice(from, from + READ_AHEAD);
    texts.push(...(await Promise.all(batch.map((job) => attempt(job, readStatistics)))));
  }
  return { texts, problems };
}
