import type { Archive } from '../archive/port.ts';
import type { ArchiveAnswer, ArchiveRequest } from '../archive/requests.ts';
import type { Deadline } from '../db/deadline.ts';
import type { ProcessStatus } from '../db/port.ts';
import { Fault } from '../faults.ts';
import { type Counters, newCounters } from './counters.ts';
import { Crew } from './crew.ts';
import { watchMemory } from './memory-watch.ts';
import { DatabaseProcess } from './process.ts';
import { runTwice } from './read.ts';
import type { SpareSlot } from './spare-slot.ts';
import { ARCHIVE_PROGRAM } from './spawn.ts';

export interface ArchiveOptions {
  root: string;
  /** MB for the whole process. */
  memoryMb: number;
  queueLimit: number;
  maxIdleMs: number;
  spareSlot: SpareSlot;
  log: { warn(fields: object, message: string): void };
}

/** The decoder of the archive and its process. */
export interface ArchiveProcess extends Archive {
  status(): { processes: ProcessStatus[]; counters: Readonly<Counters> };
  close(graceMs: number): Promise<void>;
}

/** Private memory of the decoder at rest, MB. */
const BASE_MB = 48;
const TEND_MS = 250;

/**
 * The job archive behind a process of its own: a decoded job may take hundreds of megabytes, which the parent must not hold
 * and only the end of a process gives back. It starts with the first request for it.
 */
export function openArchive(options: ArchiveOptions): ArchiveProcess {
  const counters = newCounters();
  const growthMb = options.memoryMb - BASE_MB;
  const crew = new Crew({
    max: 1,
    queueLimit: options.queueLimit,
    maxIdleMs: options.maxIdleMs,
    spareSlot: options.spareSlot,
    counters,
    log: (message, error) => options.log.warn({ err: error }, message),
    start: (onState) =>
      new DatabaseProcess({
        role: 'archive',
        growthMb,
        counters,
        log: (fields, message) => options.log.warn(fields, message),
        onState,
        program: { file: ARCHIVE_PROGRAM, heapMb: growthMb, env: {} },
        open: { kind: 'openArchive', id: 0, root: options.root },
      }),
  });
  const tending = setInterval(() => crew.tend(), TEND_MS);
  const stopWatching = watchMemory(() => crew.members, counters);

  const ask = async (request: ArchiveRequest, deadline: Deadline): Promise<ArchiveAnswer> => {
    const reply = await runTwice(crew, { kind: 'archive', request }, deadline, counters);
    if (reply.kind !== 'archived') throw new Fault('internal', `the archive process answered ${reply.kind}`);
    const { answer } = reply;
    const [problem] = answer.problems;
    if (problem !== undefined) {
      // One line a request: a list of jobs without files must not fill the log.
      options.log.warn({ problem, files: answer.problems.length }, 'files of the archive could not be read');
    }
    return answer;
  };
  return {
    async statistics(jobs, deadline) {
      const { texts } = await ask({ kind: 'statistics', jobs }, deadline);
      return texts;
    },
    async follow(changes, deadline) {
      await ask({ kind: 'follow', changes }, deadline);
    },
    async jobData(request, deadline) {
      const { texts } = await ask({ kind: 'jobData', ...request }, deadline);
      return texts[0] ?? null;
    },
    status: () => ({ processes: crew.members.map((member) => member.status()), counters: { ...counters } }),
    async close(graceMs) {
      clearInterval(tending);
      await crew.close(graceMs);
      stopWatching();
    },
  };
}
