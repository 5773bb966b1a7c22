import { join } from 'node:path';
import { Fault } from '../faults.ts';
import type { TakeApart } from '../http/json/large-bodies.ts';
import { runTwice } from '../processes/call-with-retry.ts';
import { newCounters } from '../processes/counters.ts';
import { ManagedProcess } from '../processes/managed-process.ts';
import { watchMemory } from '../processes/memory-watch.ts';
import { ProcessGroup } from '../processes/process-group.ts';
import type { ReplacementPermit } from '../processes/replacement-permit.ts';
import type { ProcessesStatus } from '../system-state-types.ts';
import type { BodiesProtocol } from './body-parser-program.ts';
import { BODIES_BASE_MB } from './memory-sizing.ts';

export interface BodiesProcessOptions {
  /** MB for its process. */
  memoryMb: number;
  queueLimit: number;
  /** Maximum number of bodies of one caller, waiting and running, while others wait. */
  callerLimit: number;
  /** Milliseconds without a body after which the process ends. */
  maxIdleMs?: number;
  replacementPermit: ReplacementPermit;
  log: { warn(fields: object, message: string): void };
}

/** The process for large bodies. */
export interface BodiesProcess {
  takeApart: TakeApart;
  status(): ProcessesStatus;
  close(graceMs: number): Promise<void>;
}

/** Large bodies are rare and come together: the reports of a large cluster come once a minute. */
const MAX_IDLE_MS = 90_000;
const HOUSEKEEPING_MS = 250;
const PROGRAM = join(import.meta.dirname, 'body-parser-program.ts');
/** Heap as a fraction of the growth limit; the rest is for bytes outside of it. V8 collects in time near its limit. */
const HEAP_PART = 0.55;

/**
 * Parses large request bodies in a process of its own. The largest take a second and a hundred megabytes, which would
 * block the thread that answers all requests. The process starts with the first large body and ends when it has been
 * idle.
 */
export function openBodies(options: BodiesProcessOptions): BodiesProcess {
  const { memoryMb, queueLimit, callerLimit, maxIdleMs = MAX_IDLE_MS, replacementPermit, log } = options;
  const counters = newCounters();
  const growthMb = memoryMb - BODIES_BASE_MB;
  const group = new ProcessGroup<BodiesProtocol>({
    max: 1,
    queueLimit,
    callerLimit,
    maxIdleMs,
    endsWhenIdle: true,
    replacementPermit,
    counters,
    log: (message, error) => log.warn({ err: error }, message),
    start: (onState) =>
      new ManagedProcess<BodiesProtocol>({
        role: 'bodies',
        growthMb,
        counters,
        log: (fields, message) => log.warn(fields, message),
        onState,
        program: { file: PROGRAM, heapMb: Math.round(growthMb * HEAP_PART), flags: ['--expose-gc'], env: {} },
        open: null,
      }),
  });
  const housekeeping = setInterval(() => group.housekeeping(), HOUSEKEEPING_MS);
  const stopWatching = watchMemory(() => group.members, counters);
  return {
    async takeApart(body, deadline) {
      const parse = () => runTwice(group, deadline, counters, (process) => process.run('parse', body));
      try {
        return await parse().catch((error: unknown) => {
          if (!isTooMuchMemory(error)) throw error;
          return parse(); // in a new process: what the bodies before have left may have been too much
        });
      } catch (error) {
        throw isTooMuchMemory(error) ? tooMuchMemory(error) : error;
      }
    },
    status: () => ({ processes: group.members.map((member) => member.status()), counters: { ...counters } }),
    async close(graceMs) {
      clearInterval(housekeeping);
      await group.close(graceMs);
      stopWatching();
    },
  };
}

function isTooMuchMemory(error: unknown): error is Fault {
  return error instanceof Fault && error.code === 'memory_limit_exceeded';
}

function tooMuchMemory(cause: Fault): Fault {
  return new Fault('memory_limit_exceeded', 'parsing the request body exceeded the memory limit', {
    cause,
  });
}
