import type { FaultCode } from '../../faults.ts';
import type { Log } from '../../log.ts';

/** Full lines for each code in a second. More are counted only: a flood of one kind neither fills the disk nor hides another kind. */
const MOST_IN_FULL = 20;
const SECOND_MS = 1_000;

/**
 * Decides which refused requests get lines of their own in the log; the others of a second become one line with their number. One per app.
 * Seconds are those of the clock, so that a reader of the log can check the bound by its times.
 */
export class RefusalLog {
  readonly #log: Pick<Log, 'warn'>;
  #second = Number.NaN;
  /** Of this second. */
  readonly #inFull = new Map<FaultCode, number>();
  /** Counted, and not yet in the log. */
  readonly #others = new Map<FaultCode, number>();

  constructor(log: Pick<Log, 'warn'>) {
    this.#log = log;
  }

  /** Counts a refusal. False when it gets no lines of its own. */
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

  /** No request may follow the last second of a flood. In a Worker such a timer may never fire: the next refusal tells. */
  #tellAfter(second: number, waitMs: number): void {
    const tell = () => {
      if (this.#second === second) this.#tellOthers(); // else they are in the log already
    };
    unref(setTimeout(tell, waitMs));
  }

  #tellOthers(): void {
    if (this.#others.size === 0) return;
    this.#log.warn({ refused: Object.fromEntries(this.#others) }, 'further refused requests were not logged');
    this.#others.clear();
  }
}

/** Where timers are objects they must not keep the process alive. */
function unref(timer: unknown): void {
  if (typeof timer === 'object' && timer !== null && 'unref' in timer && typeof timer.unref === 'function')
    timer.unref();
}
