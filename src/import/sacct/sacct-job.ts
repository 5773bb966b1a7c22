import type { Clusters } from '../../clusters/clusters.ts';
import { expandHostList } from '../../clusters/hostlist.ts';
import type { Job } from '../../jobs/job.ts';
import { isUnended, type JobState } from '../../jobs/job-enums.ts';
import type { LocalClock } from './local-clock.ts';
import type { Column, Fields } from './sacct-columns.ts';
import { askedTres, cpusOfTres, durationSec, gpusOfGres, gpusOfTres, stateOf, walltimeSec } from './sacct-values.ts';

export interface JobOptions {
  clock: LocalClock;
  clusters: Clusters;
  /** The cluster of records that have none. */
  cluster: string | undefined;
}

/** Thrown if a record is not a job. The message has the reason. */
export class BadJob extends Error {
  override readonly name = 'BadJob';
}

/** The subcluster of a cluster without configuration, or of a host outside all subclusters. */
const DEFAULT_SUBCLUSTER = 'main';
const NO_HOSTS = new Set(['', 'None assigned', 'None', '(null)', 'Unknown']);
const NO_NAME = new Set(['', '(null)', 'None']);

/** Returns the job of a record, `steps` for a step, or `neverStarted` for a job that has not run. Throws BadJob. */
export function jobOfRecord(get: Fields, options: JobOptions): Job | 'neverStarted' | 'steps' {
  const written = get('jobid') || get('jobidraw');
  if (written.includes('.') || /^\d+\.\w+$/.test(get('jobidraw'))) return 'steps';
  const state = stateOf(get('state'));
  if (state === undefined) throw new BadJob(`state '${get('state')}' is unknown`);
  const startTime = startOf(get, options.clock);
  if (state === 'never' || startTime === undefined || NO_HOSTS.has(get('nodelist'))) {
    // A text that is neither a time nor a word of Slurm for "none" is a damaged line, not a job that never ran.
    if (startTime !== undefined || /^(Unknown|None|)$/i.test(get('start'))) return 'neverStarted';
    throw new BadJob(`start '${get('start')}' is not a time`);
  }
  const hosts = expandHostList(get('nodelist'));
  const cluster = get('cluster') || options.cluster;
  if (cluster === undefined) throw new BadJob('no cluster: give one with --cluster');
  const submitTime = options.clock(get('submit'));
  const eligibleTime = options.clock(get('eligible'));
  const account = get('account');
  const numHwthreads =
    wholeOf(get, 'alloccpus') || wholeOf(get, 'ncpus') || cpusOfTres(get('alloctres')) || wholeOf(get, 'reqcpus');
  const asked = askedTres(get('reqtres'), get('reqmem'), { cpus: numHwthreads, nodes: hosts.length });
  const slurmInfo = [
    ...(get('qos') === '' ? [] : [`QOS=${get('qos')} ExitCode=${get('exitcode')}`]),
    ...(asked === '' ? [] : [`TRES_req=${asked}`]),
  ].join('\n');
  return {
    ...idsOf(get),
    cluster,
    subCluster: options.clusters.subClusterOf(cluster, hosts[0] ?? '') ?? DEFAULT_SUBCLUSTER,
    partition: get('partition'),
    project: NO_NAME.has(account) ? '' : account,
    user: userOf(get),
    shared: 'none', // sacct does not report it
    jobState: isUnended(state) && options.clock(get('end')) ? endStateOf(get('exitcode')) : state,
    submitTime: submitTime ?? 0,
    startTime,
    duration: durationOf(get, startTime, options.clock),
    walltime: get('timelimitraw') === '' ? walltimeSec(get('timelimit')) : wholeOrNone(get('timelimitraw')) * 60,
    numNodes: hosts.length,
    numHwthreads,
    numAcc: gpusOfTres(get('alloctres')) || gpusOfGres(get('allocgres'), hosts.length),
    monitoringStatus: 0, // these jobs have no metric data
    energy: wholeOrNone(get('consumedenergyraw')) / 3_600_000, // joules to kWh
    resources: hosts.map((hostname) => ({ hostname })),
    footprint: null,
    energyFootprint: null,
    metaData: {
      jobName: get('jobname'),
      ...(submitTime === undefined ? {} : { submitTime: String(submitTime) }),
      ...(eligibleTime === undefined ? {} : { eligibleTime: String(eligibleTime) }),
      ...(slurmInfo === '' ? {} : { slurmInfo }),
    },
    tags: [],
  };
}

/** Returns the state of a record that has an end although its state is RESIZING, COMPLETING or RUNNING. */
function endStateOf(exitCode: string): JobState {
  return /[1-9]/.test(exitCode) ? 'failed' : 'completed';
}

function userOf(get: Fields): string {
  const user = get('user');
  if (NO_NAME.has(user)) throw new BadJob('user is empty');
  return user;
}

/**
 * Returns the ids of a job. The elements of an array share the number before `_`, and only JobIDRaw differs. The same
 * applies to `+` in het jobs.
 */
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

/**
 * Parses a job id. 0 is refused because Slurm has no such job. The bounds of fields.ts refuse ids that are too large.
 * `written` is the text for the message.
 */
function idOf(digits: string, written: string): number | bigint {
  const id = Number(digits);
  if (!/^\d{1,40}$/.test(digits) || id === 0) throw new BadJob(`job id '${written.slice(0, 100)}' is not valid`);
  return Number.isSafeInteger(id) ? id : BigInt(digits);
}

/**
 * Returns the start. If the local time occurred twice (end of DST), the one that fits End minus Elapsed; without an
 * end, the first one after Submit.
 */
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

/** Returns Elapsed, since End minus Start is an hour off if the clock was changed in between. */
function durationOf(get: Fields, startTime: number, clock: LocalClock): number {
  const elapsed = elapsedOf(get);
  if (elapsed !== undefined) return elapsed;
  const ends = readings(get('end'), clock);
  if (ends.length === 0) throw new BadJob(`end '${get('end')}' is not a time`);
  const end = ends.find((time) => time >= startTime);
  if (end === undefined) throw new BadJob(`end '${get('end')}' is before the start`);
  return end - startTime;
}

/** Returns undefined if the record has no Elapsed. */
function elapsedOf(get: Fields): number | undefined {
  if (get('elapsedraw') !== '') return wholeOf(get, 'elapsedraw');
  const elapsed = get('elapsed');
  if (elapsed === '') return undefined;
  const seconds = durationSec(elapsed);
  if (seconds === undefined) throw new BadJob(`elapsed '${elapsed}' is not a duration`);
  return seconds;
}

/** Parses a whole number. An empty field, as a running job may have, is 0. */
function wholeOf(get: Fields, column: Column): number {
  const text = get(column);
  if (!/^\d*$/.test(text)) throw new BadJob(`${column} '${text}' is not an integer`);
  return Number(text);
}

/** Parses an optional number. UNLIMITED, Partition_Limit and Slurm's mark 2^64 - 2 mean that it is absent: 0. */
function wholeOrNone(text: string): number {
  const number = Number(text);
  return /^\d+$/.test(text) && number < 2 ** 63 ? number : 0;
}
