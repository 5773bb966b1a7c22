import type { Clusters } from '../../clusters/clusters.ts';
import { expandHostList } from '../../clusters/hostlist.ts';
import { isUnended, type Job, type JobState } from '../../jobs/job.ts';
import { cpusOfTres, durationSec, gpusOfGres, gpusOfTres, stateOf, walltimeSec } from './fields.ts';
import type { Column, Fields } from './sacct-columns.ts';
import type { LocalClock } from './times.ts';

export interface JobOptions {
  clock: LocalClock;
  clusters: Clusters;
  /** The cluster of records that name none. */
  cluster: string | undefined;
}

/** A record that is no job; the message says what. */
export class BadJob extends Error {
  override readonly name = 'BadJob';
}

/** The subcluster of a cluster without configuration, or of a host that is in none. */
const DEFAULT_SUBCLUSTER = 'main';
const NO_HOSTS = new Set(['', 'None assigned', 'None', '(null)', 'Unknown']);
const NO_NAME = new Set(['', '(null)', 'None']);

/** The job of one record; `steps` for a step of a job, `neverStarted` for a job that has not run. Throws BadJob. */
export function jobOfRecord(get: Fields, options: JobOptions): Job | 'neverStarted' | 'steps' {
  const written = get('jobid') || get('jobidraw');
  if (written.includes('.') || /^\d+\.\w+$/.test(get('jobidraw'))) return 'steps';
  const state = stateOf(get('state'));
  if (state === undefined) throw new BadJob(`state '${get('state')}' is unknown`);
  const startTime = startOf(get, options.clock);
  if (state === 'never' || startTime === undefined || NO_HOSTS.has(get('nodelist'))) {
    // Something that is neither a time nor one of Slurm's words for none is a broken line, not a job that never ran.
    if (startTime !== undefined || /^(Unknown|None|)$/i.test(get('start'))) return 'neverStarted';
    throw new BadJob(`start '${get('start')}' is not a time`);
  }
  const hosts = expandHostList(get('nodelist'));
  const cluster = get('cluster') || options.cluster;
  if (cluster === undefined) throw new BadJob('no cluster: give one with --cluster');
  const submitTime = options.clock(get('submit'));
  const account = get('account');
  return {
    ...idsOf(get),
    cluster,
    subCluster: options.clusters.subClusterOf(cluster, hosts[0] ?? '') ?? DEFAULT_SUBCLUSTER,
    partition: get('partition'),
    project: NO_NAME.has(account) ? '' : account,
    user: userOf(get),
    shared: 'none', // sacct does not tell
    jobState: isUnended(state) && options.clock(get('end')) ? endStateOf(get('exitcode')) : state,
    startTime,
    duration: durationOf(get, startTime, options.clock),
    walltime: get('timelimitraw') === '' ? walltimeSec(get('timelimit')) : wholeOrNone(get('timelimitraw')) * 60,
    numNodes: hosts.length,
    numHwthreads:
      wholeOf(get, 'alloccpus') || wholeOf(get, 'ncpus') || cpusOfTres(get('alloctres')) || wholeOf(get, 'reqcpus'),
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

function userOf(get: Fields): string {
  const user = get('user');
  if (NO_NAME.has(user)) throw new BadJob('user is empty');
  return user;
}

/** An array's elements share the number before `_`; JobIDRaw alone tells them apart. So it is with `+` of a het job. */
function idsOf(get: Fields): { jobId: number | bigint; arrayJobId: number | bigint } {
  const written = get('jobid') || get('jobidraw');
  const [, digits = '', mark] = /^(\d+)(?:([_+])(?:\d+|\[.*\]))?$/.exec(written) ?? [];
  const id = idOf(digits, written);
  const raw = get('jobidraw');
  if (mark !== undefined && raw === '') {
    throw new BadJob(`job id '${written}' requires a column JobIDRaw, because other jobs have the same id`);
  }
  return { jobId: raw === '' ? id : idOf(raw, raw), arrayJobId: mark === '_' ? id : 0 };
}

/** Not 0, which is no job's id in Slurm. The bounds of fields.ts refuse ids that are too large. `written` is what the message quotes. */
function idOf(digits: string, written: string): number | bigint {
  const id = Number(digits);
  if (!/^\d+$/.test(digits) || id === 0) throw new BadJob(`job id '${written}' is not valid`);
  return Number.isSafeInteger(id) || digits.length > 19 ? id : BigInt(digits);
}

/** Of a time that the clock showed twice the reading that fits End minus Elapsed; without an end the first one after Submit. */
function startOf(get: Fields, clock: LocalClock): number | undefined {
  const first = clock(get('start'));
  const second = first === undefined ? undefined : clock.second(get('start'));
  if (first === undefined || second === undefined) return first;
  const ends = readings(get('end'), clock);
  const elapsed = elapsedOf(get);
  if (ends.length === 0 || elapsed === undefined) return first < (clock(get('submit')) ?? first) ? second : first;
  const misfit = (start: number) => Math.min(...ends.map((end) => Math.abs(end - elapsed - start)));
  return misfit(second) < misfit(first) ? second : first;
}

function readings(text: string, clock: LocalClock): number[] {
  return [clock(text), clock.second(text)].filter((time) => time !== undefined);
}

/** Elapsed, since End minus Start is an hour off where the clock was changed in between. */
function durationOf(get: Fields, startTime: number, clock: LocalClock): number {
  const elapsed = elapsedOf(get);
  if (elapsed !== undefined) return elapsed;
  const ends = readings(get('end'), clock);
  if (ends.length === 0) throw new BadJob(`end '${get('end')}' is not a time`);
  const end = ends.find((time) => time >= startTime);
  if (end === undefined) throw new BadJob(`end '${get('end')}' is before the start`);
  return end - startTime;
}

/** Undefined where the record has none. */
function elapsedOf(get: Fields): number | undefined {
  if (get('elapsedraw') !== '') return wholeOf(get, 'elapsedraw');
  const elapsed = get('elapsed');
  if (elapsed === '') return undefined;
  const seconds = durationSec(elapsed);
  if (seconds === undefined) throw new BadJob(`elapsed '${elapsed}' is not a duration`);
  return seconds;
}

/** 0 for an empty field, as the columns of a job that is still running may be. */
function wholeOf(get: Fields, column: Column): number {
  const text = get(column);
  if (!/^\d*$/.test(text)) throw new BadJob(`${column} '${text}' is not an integer`);
  return Number(text);
}

/** A number that a job may be without: 0 where Slurm has a word for it (UNLIMITED, Partition_Limit), or its own mark (2^64 - 2). */
function wholeOrNone(text: string): number {
  const number = Number(text);
  return /^\d+$/.test(text) && number < 2 ** 63 ? number : 0;
}
