import type { RooflineGrid } from '../jobs/roofline.ts';
import { changeMeta, type MetaChange } from './change-meta.ts';
import { readRoofline } from './count-roofline.ts';
import { BadResolution } from './downsample.ts';
import { reasonOf } from './file-access.ts';
import { type DataShape, jobDataText } from './job-data-answer.ts';
import { type ArchiveJob, jobFolder } from './layout.ts';
import { TooMuchData } from './metric-data-limits.ts';
import { readJobData } from './read-data.ts';
import { readStatistics } from './read-meta.ts';
import { metricTexts, statisticsTexts } from './scoped-metrics.ts';
import { type DataSelection, selectJobData } from './select-data.ts';
import { archiveUpkeep } from './upkeep.ts';
import type { Upkept } from './upkeep-port.ts';

/** The requests to the archive's processes, which decode files. Their answers are JSON text. */
export type ArchiveRequest =
  | StatisticsRequest
  | JobDataRequest
  | ScopedMetricsRequest
  | RooflineRequest
  | FollowRequest;

/** The protocol of the archive's program. */
export interface ArchiveProtocol {
  /** The folder of the archive. */
  readonly options: string;
  readonly calls: {
    answer: { input: ArchiveRequest; output: ArchiveAnswer };
    upkeep: { input: UpkeepRequest; output: UpkeepAnswer };
  };
  /** A piece of metric data. The pieces precede the answer, which then does not contain the text. */
  readonly step: Uint8Array;
}

/** The statistics of some jobs, from their meta.json. */
export interface StatisticsRequest {
  kind: 'statistics';
  jobs: readonly ArchiveJob[];
  /** Undefined: all, and null for a job without statistics. Otherwise such a job has `{}`. */
  metrics?: readonly string[] | undefined;
}

/** Which metrics of a job to read. */
export interface MetricSelection {
  job: ArchiveJob;
  /** null: all. Unknown metrics are left out. */
  metrics: readonly string[] | null;
  /** Metrics to leave out, even if all are requested. */
  without?: readonly string[];
}

/** The metric data of one job. */
export interface JobDataRequest extends MetricSelection, DataSelection {
  kind: 'jobData';
  shape: DataShape;
}

/** The metrics of one job, each metric and scope as a text of its own (scoped-metrics.ts). */
export interface ScopedMetricsRequest extends MetricSelection {
  kind: 'scopedMetrics';
  /** Which samples to return. null: the statistics of the series only, in all scopes. */
  samples: DataSelection | null;
}

/** One job's samples in a roofline heat map. */
export interface RooflineRequest {
  kind: 'roofline';
  job: ArchiveJob;
  grid: RooflineGrid;
}

/** Updates the meta.json of jobs. */
export interface FollowRequest {
  kind: 'follow';
  changes: readonly MetaChange[];
}

/** One piece of work of ArchiveUpkeep. */
export type UpkeepRequest =
  | { kind: 'compress' | 'remove'; job: ArchiveJob }
  | { kind: 'move'; job: ArchiveJob; target: string };

/** What was done, or the error for which the work ends. */
export type UpkeepAnswer = { upkept: Upkept } | { failed: { message: string; code: string } };

/** Texts to forward, or null if there is nothing to read. */
export interface ArchiveAnswer {
  /**
   * One per requested job, in order. `follow` has none. A scopedMetrics request has one per metric and scope, or null.
   */
  texts: (string | null)[];
  /** The reasons of each null, for the log. */
  problems: string[];
  /** Why the request is invalid for this job. The text is for its caller. */
  refused?: string;
}

/** Number of meta.json files that are read at the same time. */
const READ_AHEAD = 16;

/**
 * Answers from the archive at `root`. Never throws: a missing, invalid or too large file becomes null with a reason.
 * Runs in a process of its own, because a decoded job may take hundreds of megabytes.
 */
export async function answerArchiveRequest(root: string, request: ArchiveRequest): Promise<ArchiveAnswer> {
  const answer: ArchiveAnswer = { texts: [], problems: [] };
  const attempt = async <Result>(job: ArchiveJob, read: (folder: string) => Promise<Result>) => {
    const folder = jobFolder(root, job);
    if (folder === undefined) return null;
    try {
      return await read(folder);
    } catch (error) {
      if (request.kind === 'scopedMetrics' && isRefusal(error)) answer.refused = reasonOf(error);
      else answer.problems.push(`${folder}: ${reasonOf(error)}`);
      return null;
    }
  };
  switch (request.kind) {
    case 'jobData':
      answer.texts = [await attempt(request.job, (folder) => readDataText(folder, request))];
      break;
    case 'scopedMetrics':
      answer.texts = (await attempt(request.job, (folder) => readScopedMetrics(folder, request))) ?? [null];
      break;
    case 'roofline':
      answer.texts = [await attempt(request.job, (folder) => readRoofline(folder, request.grid))];
      break;
    case 'statistics':
      for (let from = 0; from < request.jobs.length; from += READ_AHEAD) {
        const batch = request.jobs.slice(from, from + READ_AHEAD);
        const read = (folder: string) => readStatistics(folder, request.metrics);
        answer.texts.push(...(await Promise.all(batch.map((job) => attempt(job, read)))));
      }
      break;
    case 'follow':
      for (const change of request.changes) await attempt(change.job, (folder) => changeMeta(folder, change));
  }
  return answer;
}

/** Does a piece of work on the files of the archive at `root`. Never throws. */
export async function answerUpkeepRequest(root: string, request: UpkeepRequest): Promise<UpkeepAnswer> {
  const upkeep = archiveUpkeep(root);
  try {
    if (request.kind === 'move') return { upkept: await upkeep.move(request.job, request.target) };
    return { upkept: await upkeep[request.kind](request.job) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    return { failed: { message: reasonOf(error), code } };
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof BadResolution || error instanceof TooMuchData;
}

async function readDataText(folder: string, request: JobDataRequest): Promise<string> {
  const data = await readJobData(folder, request.metrics, request.without);
  return jobDataText(selectJobData(data, request), request.shape);
}

async function readScopedMetrics(folder: string, request: ScopedMetricsRequest): Promise<string[]> {
  const data = await readJobData(folder, request.metrics, request.without);
  return request.samples === null ? statisticsTexts(data) : metricTexts(selectJobData(data, request.samples));
}
