import type { Job } from '../../jobs/job.ts';
import type { JobState } from '../../jobs/job-enums.ts';

/** A line that is no job of the format; the message says why. */
export class BadSwfLine extends Error {
  override readonly name = 'BadSwfLine';
}

/** What the header says of all jobs. */
export interface SwfHeader {
  /** Unix seconds of time 0. */
  unixStartTime: number;
  processorsPerNode: number;
  /** Names by their number. */
  partitions: ReadonlyMap<number, string>;
  queues: ReadonlyMap<number, string>;
}

const FIELDS = 18;
/** By number: 2 to 4 are parts of a job that has a line of its own for all of it. */
const STATES: readonly (JobState | 'part')[] = ['failed', 'completed', 'part', 'part', 'part', 'cancelled'];

/** `Name: value` of a comment of the header, undefined for other comments. */
export function headerField(line: string): { name: string; value: string } | undefined {
  const [, name, value] = /^;\s*([A-Za-z]+):\s*(.*?)\s*$/.exec(line) ?? [];
  return name === undefined || value === undefined ? undefined : { name, value };
}

/** The header of its fields, each with all of its values. Undefined without the time at which the log begins. */
export function headerOf(fields: ReadonlyMap<string, readonly string[]>): SwfHeader | undefined {
  const numberOf = (name: string) => Number(/^\d+/.exec(fields.get(name)?.[0] ?? '')?.[0] ?? 0);
  const unixStartTime = numberOf('UnixStartTime');
  const [processors, nodes] = [numberOf('MaxProcs'), numberOf('MaxNodes')];
  if (unixStartTime === 0) return undefined;
  return {
    unixStartTime,
    processorsPerNode: nodes > 0 ? Math.max(1, Math.round(processors / nodes)) : 1,
    partitions: namesOf(fields.get('Partition')),
    queues: namesOf(fields.get('Queue')),
  };
}

/** `3 grid.kiae.ru`, one a line. */
function namesOf(lines: readonly string[] = []): Map<number, string> {
  return new Map(
    lines.flatMap((line): [number, string][] => {
      const [, number, name] = /^(\d+)\s+(\S+)/.exec(line) ?? [];
      return number === undefined || name === undefined ? [] : [[Number(number), name]];
    }),
  );
}

/**
 * The job of a line of the Standard Workload Format 2.2; `steps` for a part of a job, `neverStarted` for one that did
 * not run. Throws BadSwfLine. The format has no names of users or nodes.
 */
export function jobOfSwf(line: string, header: SwfHeader, cluster: string): Job | 'steps' | 'neverStarted' {
  const fields = line.trim().split(/\s+/);
  if (fields.length < FIELDS) throw new BadSwfLine(`has ${fields.length} of ${FIELDS} fields`);
  const wrong = fields.slice(0, FIELDS).find((field) => !/^-?\d{1,15}(?:\.\d+)?$/.test(field));
  if (wrong !== undefined) throw new BadSwfLine(`'${wrong.slice(0, 40)}' is not a number`);
  const [id, submit, wait, run, allocated, , , requested, limit, , status, user, group, application, queue, partition] =
    fields.map((field) => Math.round(Number(field))) as [
      ...[number, number, number, number, number, number, number, number],
      ...[number, number, number, number, number, number, number, number],
    ];
  const state = status < 0 ? 'completed' : STATES[status];
  if (state === undefined) throw new BadSwfLine(`status ${status} is unknown`);
  if (state === 'part') return 'steps';
  if (run < 0 || (state === 'cancelled' && run === 0)) return 'neverStarted';
  if (id < 1) throw new BadSwfLine(`job number ${id} is not valid`);
  if (submit < 0) throw new BadSwfLine(`submit time ${submit} is not valid`);
  const processors = Math.max(allocated > 0 ? allocated : requested, 0);
  const submitTime = header.unixStartTime + submit;
  return {
    jobId: id,
    arrayJobId: 0,
    cluster,
    subCluster: 'main',
    partition: nameOf(header.partitions, partition, 'partition'),
    project: numbered('group', group),
    user: numbered('user', user) || 'unknown',
    shared: 'none',
    jobState: state,
    submitTime: wait < 0 ? 0 : submitTime, // without a wait the log has one time for both
    startTime: submitTime + Math.max(wait, 0),
    duration: run,
    walltime: Math.max(limit, 0),
    numNodes: Math.max(1, Math.ceil(processors / header.processorsPerNode)),
    numHwthreads: processors,
    numAcc: 0,
    monitoringStatus: 0,
    energy: 0,
    resources: [],
    footprint: null,
    energyFootprint: null,
    metaData: { jobName: numbered('application', application), queue: nameOf(header.queues, queue, 'queue') },
    tags: [],
  };
}

function nameOf(names: ReadonlyMap<number, string>, number: number, what: string): string {
  return names.get(number) ?? numbered(what, number);
}

/** -1 is not known. */
function numbered(what: string, number: number): string {
  return number < 0 ? '' : `${what}${number}`;
}
