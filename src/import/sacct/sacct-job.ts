import type { Clusters } from '../../clusters/clusters.ts';
import { expandHostList } from '../../clusters/hostlist.ts';
import { isUnended, type Job, type JobState } from '../../jobs/job.ts';
import { durationSec, gpusOfGres, gpusOfTres, stateOf, walltimeSec } from './fields.ts';
import type { Column } from './sacct-columns.ts';
import type { LocalClock } from './times.ts';

export interface SacctOptions {
  clock: LocalClock;
  clusters: Clusters;
  /** The cluster of lines that name none. */
  cluster: string | undefined;
}

/** A line that says something impossible; the message says what. */
export class BadLine extends Error {
  override readonly name = 'BadLine';
}

type Fields = (column: Column) => string;

/** The subcluster of a cluster without configuration, or of a host that is in none. */
const DEFAULT_SUBCLUSTER = 'main';
const NO_HOSTS = new Set(['', 'None assigned', 'None', '(null)', 'Unknown']);

/** The job of one line; `steps` for a step of a job, `neverStarted` for a job that has not run. Throws BadLine. */
export function jobOfLine(get: Fields, options: SacctOptions): Job | 'neverStarted' | 'steps' {
  const written = get('jobid') || get('jobidraw');
  if (written.includes('.') || get('jobidraw').includes('.')) return 'steps';
  const state = stateOf(get('state'));
  if (state === undefined) throw new BadLine(`state '${get('state')}' is unknown`);
  const startTime = options.clock(get('start'));
  if (state === 'never' || startTime === undefined || NO_HOSTS.has(get('nodelist'))) {
    // Something that is neither a time nor one of Slurm's words for none is a broken line, not a job that never ran.
    if (startTime !== undefined || /^(Unknown|None|)$/i.test(get('start'))) return 'neverStarted';
    throw new BadLine(`start '${get('start')}' is not a time`);
  }
  const hosts = expandHostList(get('nodelist'));
  const cluster = get('cluster') || options.cluster;
  if (cluster === undefined) throw new BadLine('no cluster: give one with --cluster');
  const submitTime = options.clock(get('submit'));
  return {
    ...idsOf(get),
    cluster,
    subCluster: options.clusters.subClusterOf(cluster, hosts[0] ?? '') ?? DEFAULT_SUBCLUSTER,
    partition: get('partition'),
    project: filled(get, 'account'),
    user: filled(get, 'user'),
    shared: 'none', // sacct does not tell
    jobState: isUnended(state) && options.clock(get('end')) ? endStateOf(get('exitcode')) : state,
    startTime,
    duration: durationOf(get, startTime, options.clock),
    walltime: get('timelimitraw') === '' ? walltimeSec(get('timelimit')) : wholeOrNone(get('timelimitraw')) * 60,
    numNodes: hosts.length,
    numHwthreads: wholeOf(get, get('alloccpus') === '' ? 'ncpus' : 'alloccpus'),
    numAcc: gpusOfTres(get('alloctres')) || gpusOfGres(get('allocgres'), hosts.length),
    smt: 0,
    monitoringStatus: 0, // there is no metric data of these jobs
    energy: wholeOrNone(get('consumedenergyraw')) / 3_600_000, // joules to kWh
    resources: hosts.map((hostname) => ({ hostname })),
    footprint: null,
    energyFootprint: null,
    metaData: {
      jobName: get('jobname'),
      ...(submitTime === undefined ? {} : { submitTime: String(submitTime) }),
      ...(get('qos') === '' ? {} : { slurmInfo: `QOS=${get('qos')} ExitCode=${get('exitcode')}` }),
    },
    tags: [],
  };
}

/** RESIZING, COMPLETING or RUNNING with an end say that this record has ended, and not how. */
function endStateOf(exitCode: string): JobState {
  return /[1-9]/.test(exitCode) ? 'failed' : 'completed';
}

function filled(get: Fields, column: Column): string {
  const value = get(column);
  if (value === '') throw new BadLine(`${column} is empty`);
  return value;
}

/** An array's elements share the number before `_`; JobIDRaw alone tells them apart. So it is with `+` of a het job. */
function idsOf(get: Fields): { jobId: number; arrayJobId: number } {
  const match = /^(\d{1,15})(?:([_+])(?:\d+|\[.*\]))?$/.exec(get('jobid') || get('jobidraw'));
  if (match === null) throw new BadLine(`job id '${get('jobid') || get('jobidraw')}' is not valid`);
  const [, id, mark] = match;
  const raw = get('jobidraw');
  if (mark !== undefined && !/^\d{1,15}$/.test(raw)) {
    throw new BadLine(`job id '${get('jobid')}' requires a column JobIDRaw, because other jobs have the same id`);
  }
  return { jobId: Number(raw === '' ? id : raw), arrayJobId: mark === '_' ? Number(id) : 0 };
}

/** Elapsed, since End minus Start is an hour off where the clock was changed in between. */
function durationOf(get: Fields, startTime: number, clock: LocalClock): number {
  if (get('elapsedraw') !== '') return wholeOf(get, 'elapsedraw');
  const elapsed = get('elapsed');
  const seconds = elapsed === '' ? endOf(get, clock) - startTime : durationSec(elapsed);
  if (seconds === undefined || !(seconds >= 0)) throw new BadLine(`elapsed '${elapsed}' is not a duration`);
  return seconds;
}

function endOf(get: Fields, clock: LocalClock): number {
  const end = clock(get('end'));
  if (end === undefined) throw new BadLine(`end '${get('end')}' is not a time`);
  return end;
}

/** 0 for an empty field, as the columns of a job that is still running may be. */
function wholeOf(get: Fields, column: Column): number {
  const text = get(column);
  if (!/^\d{0,15}$/.test(text)) throw new BadLine(`${column} '${text}' is not an integer`);
  return Number(text);
}

/** A number that a job may be without: 0 where Slurm has a word for it (UNLIMITED, Partition_Limit), or its own mark (2^64 - 2). */
function wholeOrNone(text: string): number {
  return /^\d{1,15}$/.test(text) ? Number(text) : 0;
}
