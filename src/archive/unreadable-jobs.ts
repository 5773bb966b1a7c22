import { Fault } from '../faults.ts';
import type { ArchiveJob } from './layout.ts';

/** Long enough for other jobs to get their plots, short enough for an operator who has solved the problem. */
const REFUSED_MS = 300_000;
const MOST_REFUSED = 1_000;

/**
 * Archived jobs whose metric data the decoder could not read: they exceeded its memory, or killed it twice. Each
 * attempt takes seconds and a process that all others wait for. Therefore further requests for the job are refused with
 * the same reason for five minutes.
 */
export class UnreadableJobs {
  readonly #clock: () => number;
  /** The oldest first. */
  readonly #refused = new Map<string, { until: number; code: Fault['code']; message: string }>();

  constructor(clock = () => performance.now()) {
    this.#clock = clock;
  }

  /** Throws the fault of the last attempt. */
  check(job: ArchiveJob): void {
    const known = this.#refused.get(keyOf(job));
    if (known === undefined) return;
    const leftMs = known.until - this.#clock();
    if (leftMs > 0) {
      const again = `retry in ${Math.ceil(leftMs / 1000)} s`;
      throw new Fault(known.code, `${known.message}; ${again}`, {
        headers: { 'Retry-After': String(Math.ceil(leftMs / 1000)) },
      });
    }
    this.#refused.delete(keyOf(job));
  }

  /** Records the fault if the job itself caused it. Returns the fault for the caller. */
  failed(job: ArchiveJob, error: unknown): unknown {
    const message = error instanceof Fault ? REASONS[error.code] : undefined;
    if (!(error instanceof Fault) || message === undefined) return error;
    const key = keyOf(job);
    this.#refused.delete(key);
    this.#refused.set(key, { until: this.#clock() + REFUSED_MS, code: error.code, message });
    const [oldest] = this.#refused.keys();
    if (this.#refused.size > MOST_REFUSED && oldest !== undefined) this.#refused.delete(oldest);
    return new Fault(error.code, message, { cause: error });
  }
}

const REASONS: Partial<Record<Fault['code'], string>> = {
  memory_limit_exceeded: 'the metric data of this job exceeds the memory limit of its decoder',
  connection_lost: 'the process that decodes the metric data of this job died twice',
};

function keyOf({ cluster, jobId, startTime }: ArchiveJob): string {
  return JSON.stringify([cluster, String(jobId), startTime]);
}
