import type { FaultCode } from '../../faults.ts';
import type { Log } from '../../log.ts';

/**
 * Full lines per code and second. Further refusals are only counted, so a flood of one kind neither fills the disk nor
 * hides other kinds.
 */
const MOST_IN_FULL = 20;
const SECOND_MS = 1_000;

/**
 * Decides which refused requests are logged in full. The others of a second are logged as one line with their number.
 * One per service. Seconds are those of the system clock, so that a reader of the log can check the limit by the
 * timestamps.
 */
export class RefusalLog {
  readonly #log: Pick<Log, 'warn'>;
  #second = Number.NaN;
  /** Lines of this second. */
  readonly #inFull = new Map<FaultCode, number>();
  /** Counted but not yet logged. */
  readonly #others = new Map<FaultCode, number>();

  constructor(log: Pick<Log, 'warn'>) {
    this.#log = log;
  }

  /** Counts a refusal. False if it is not logged in full. */
  takes(code: FaultCode, nowMs = Date.now()): boolean {
    const second = Math.floor(nowMs / SECOND_MS);
    if (second !== this.#second) this.#begin(second);
    const inFull = this.#inFull.get(code) ?? 0;
    if (inFull < MOST_IN_FULL) {
      this.#inFull.set(code, inFull + 1);
      return true;
    }
    if (this.#others.size === 0) this.#tellAfter(second, SECOND_MS - (nowMs % SECOND_MS));
    this.#others.set(code, (this.#others.get(code) ?? 0) + 1);
    return false;
  }

  #begin(second: number): void {
    this.#second = second;
    this.#inFull.clear();
    this.#tellOthers();
  }

  /** Logs the count if no request follows the flood. On a Worker the timer may never fire: the next refusal does it. */
  #tellAfter(second: number, waitMs: number): void {
    const tell = () => {
      if (this.#second === second) this.#tellOthers(); // otherwise they are already logged
    };
    unref(setTimeout(tell, waitMs));
  }

  #tellOthers(): void {
    if (this.#others.size === 0) return;
    this.#log.warn({ refused: Object.fromEntries(this.#others) }, 'further refused requests were not logged');
    this.#others.clear();
  }
}

/** Timers that are objects must not keep the process alive. */
function unref(timer: unknown): void {
  if (typeof timer === 'object' && timer !== null && 'unref' in timer && typeof timer.unref === 'function')
    timer.unref();
}
