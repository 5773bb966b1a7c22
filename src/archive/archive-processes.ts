import { join } from 'node:path';
import { type Deadline, within } from '../deadline.ts';
import { Fault } from '../faults.ts';
import { runTwice } from '../processes/call-with-retry.ts';
import { type Counters, newCounters } from '../processes/counters.ts';
import { ManagedProcess } from '../processes/managed-process.ts';
import { watchMemory } from '../processes/memory-watch.ts';
import { ProcessGroup } from '../processes/process-group.ts';
import type { ReplacementPermit } from '../processes/replacement-permit.ts';
import type { ProcessesStatus, ProcessStatus } from '../system-state-types.ts';
import type {
  ArchiveProtocol,
  ArchiveRequest,
  JobDataRequest,
  RooflineRequest,
  ScopedMetricsRequest,
  UpkeepRequest,
} from './archive-requests.ts';
import type { Archive } from './port.ts';
import { UnreadableJobs } from './unreadable-jobs.ts';
import { archiveUpkeep } from './upkeep.ts';
import type { ArchiveUpkeep, Upkept } from './upkeep-port.ts';

/** MB for the process that compresses, moves and deletes files: the base of a Node process, and pieces of files. */
export const UPKEEP_MB = 96;
/** MB for the process that reads meta.json files: the base of a Node process and the texts of a batch. */
export const META_READER_MB = 88;

export interface ArchiveOptions {
  root: string;
  /** MB for all its processes. */
  memoryMb: number;
  /** The part of it for the process that compresses, moves and deletes files. 0 if none may start. */
  upkeepMb?: number;
  queueLimit: number;
  /** Maximum number of requests of one caller, waiting and running, while others wait. */
  callerLimit: number;
  maxIdleMs: number;
  replacementPermit: ReplacementPermit;
  log: { warn(fields: object, message: string): void };
}

/** The archive and its processes. */
export interface ArchiveProcesses extends Archive {
  /** Work on its files in a process of the lowest priority. Undefined without memory for it. */
  readonly upkeep: ArchiveUpkeep | undefined;
  status(): ProcessesStatus;
  close(graceMs: number): Promise<void>;
}

const PROGRAM = join(import.meta.dirname, 'program.ts');
/** Private memory of a process at rest in MB. */
const BASE_MB = 48;
const HOUSEKEEPING_MS = 250;
/** The files of one job may have gigabytes, and their target may be slow. */
const UPKEEP_LIMIT_MS = 600_000;
/** Timed work comes every ten minutes and takes seconds. */
const UPKEEP_IDLE_MS = 15_000;

/**
 * The job archive in processes of its own. A decoded job may take hundreds of megabytes. The parent must not hold them,
 * and only the end of a process returns them. One process reads meta.json files for lists and changes. Another decodes
 * metric data, so that a list does not wait for a job of a thousand nodes. A third one compresses and moves files,
 * which must not take the processors from requests. Each process starts with its first request.
 */
export function openArchive(options: ArchiveOptions): ArchiveProcesses {
  const counters = newCounters();
  const metaFiles = groupOf('archive', META_READER_MB - BASE_MB, options, counters);
  const { upkeepMb = 0 } = options;
  const decoder = groupOf('decoder', options.memoryMb - upkeepMb - META_READER_MB - BASE_MB, options, counters);
  const keeper = groupOf('upkeep', UPKEEP_MB - BASE_MB, { ...options, maxIdleMs: UPKEEP_IDLE_MS }, counters);
  const groups = [metaFiles, decoder, keeper];
  const refusedJobs = new UnreadableJobs();
  const members = () => groups.flatMap((group) => group.members);
  const housekeeping = setInterval(() => {
    for (const group of groups) group.housekeeping();
  }, HOUSEKEEPING_MS);
  const stopWatching = watchMemory(members, counters);

  const ask = async (group: ProcessGroup<ArchiveProtocol>, request: ArchiveRequest, deadline: Deadline) => {
    const { texts, problems, refused, pieces } = await runTwice(group, deadline, counters, async (process) => {
      const pieces: Uint8Array[] = [];
      const onStep = (piece: Uint8Array) => {
        if (!deadline.signal.aborted) pieces.push(piece);
      };
      return { ...(await process.run('answer', request, { onStep })), pieces };
    });
    const [problem] = problems;
    if (problem !== undefined) {
      // One line per request: a list of jobs without files must not fill the log.
      options.log.warn({ problem, files: problems.length }, 'files of the archive could not be read');
    }
    return { texts, refused, pieces };
  };
  const decode = async (request: JobDataRequest | ScopedMetricsRequest | RooflineRequest, deadline: Deadline) => {
    refusedJobs.check(request.job);
    try {
      return await ask(decoder, request, deadline);
    } catch (error) {
      throw refusedJobs.failed(request.job, error);
    }
  };
  const keep = (request: UpkeepRequest) =>
    within(UPKEEP_LIMIT_MS, async (deadline): Promise<Upkept> => {
      const run = () => runTwice(keeper, deadline, counters, (process) => process.run('upkeep', request));
      const answer = await run().catch((error: unknown) => {
        // The files of this job may be the reason, and the next run must not meet it first.
        if (error instanceof Fault && OF_ONE_JOB.includes(error.code)) return { upkept: { problem: error.message } };
        throw error;
      });
      if ('upkept' in answer) return answer.upkept;
      throw Object.assign(new Error(answer.failed.message), { code: answer.failed.code });
    });
  const { check, checkTarget } = archiveUpkeep(options.root);
  const upkeep: ArchiveUpkeep = {
    compress: (job) => keep({ kind: 'compress', job }),
    remove: (job) => keep({ kind: 'remove', job }),
    move: (job, target) => keep({ kind: 'move', job, target }),
    check,
    checkTarget,
  };
  return {
    upkeep: upkeepMb === 0 ? undefined : upkeep,
    async statistics(jobs, deadline, metrics) {
      const { texts } = await ask(metaFiles, { kind: 'statistics', jobs, metrics }, deadline);
      return texts;
    },
    async follow(changes, deadline) {
      await ask(metaFiles, { kind: 'follow', changes }, deadline);
    },
    async jobData(request, deadline) {
      const { pieces } = await decode({ kind: 'jobData', ...request }, deadline);
      return pieces.length === 0 ? null : pieces;
    },
    async scopedMetrics(request, deadline) {
      const { texts, refused, pieces } = await decode({ kind: 'scopedMetrics', ...request }, deadline);
      if (refused !== undefined) throw new Fault('invalid_request', refused);
      return texts.includes(null) ? null : pieces;
    },
    async roofline(request, deadline) {
      const { texts } = await decode({ kind: 'roofline', ...request }, deadline);
      return texts[0] ?? null;
    },
    status: () => ({ processes: members().map((member) => member.status()), counters: { ...counters } }),
    async close(graceMs) {
      clearInterval(housekeeping);
      await Promise.all(groups.map((group) => group.close(graceMs)));
      stopWatching();
    },
  };
}

/** Faults of a process that the files of a job may have caused. */
const OF_ONE_JOB: readonly Fault['code'][] = ['deadline_exceeded', 'memory_limit_exceeded', 'connection_lost'];

/** A group of one process. */
function groupOf(
  role: ProcessStatus['role'],
  growthMb: number,
  options: ArchiveOptions,
  counters: Counters,
): ProcessGroup<ArchiveProtocol> {
  return new ProcessGroup<ArchiveProtocol>({
    max: 1,
    queueLimit: options.queueLimit,
    callerLimit: options.callerLimit,
    maxIdleMs: options.maxIdleMs,
    endsWhenIdle: role === 'upkeep',
    replacementPermit: options.replacementPermit,
    counters,
    log: (message, error) => options.log.warn({ err: error }, message),
    start: (onState) =>
      new ManagedProcess<ArchiveProtocol>({
        role,
        growthMb,
        counters,
        log: (fields, message) => options.log.warn(fields, message),
        onState,
        program: { file: PROGRAM, heapMb: growthMb, env: {} },
        open: options.root,
      }),
  });
}
