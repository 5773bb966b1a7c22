import { OURSELVES } from '../../deadline.ts';
import { Fault } from '../../faults.ts';
import { ANSWERS_HELD_MB } from '../../settings.ts';

const MB = 1024 * 1024;
/** An isolate of a Worker has 128 MB for all it does. */
const IN_AN_ISOLATE_MB = 32;

/**
 * What clients have asked for and not taken yet. A client that reads slowly, or not at all, makes us hold his answer; a thousand of
 * them must not fill the memory. One per app. A caller may hold as much as is left for others: alone half of it, of two each a third,
 * so that there is always room for one more.
 */
export class UnsentBytes {
  #bytes = 0;
  /** Of each caller of whom something is held. */
  readonly #own = new Map<string, number>();
  readonly #limit: number;
  readonly #parts = new Set<HeldPart>();

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  /** For a runtime that tells how each request ends, or for one that does not, as a Worker's when a client hangs up. */
  static for({ hasSharedLimits }: { hasSharedLimits: boolean }): UnsentBytes {
    return new UnsentBytes((hasSharedLimits ? ANSWERS_HELD_MB : IN_AN_ISOLATE_MB) * MB);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether there is room for answers that are read ahead. */
  mayReadAhead(caller: string): boolean {
    return 2 * this.#ownOf(caller) < this.#limit - this.#bytes;
  }

  /** Throws queue_full when there is no room for another answer. One that has begun goes on whatever is held: see `add`. */
  checkRoom(caller: string): void {
    if (!this.#hasRoom(caller)) this.#dropOld();
    if (this.#hasRoom(caller)) return;
    const own = this.#ownOf(caller);
    const isOwn = own > this.#bytes / 2;
    throw new Fault(
      'queue_full',
      isOwn
        ? 'too many of your own responses are unread: read them first'
        : 'too many responses are waiting for their clients to read them',
    );
  }

  add(bytes: number, caller = OURSELVES): void {
    this.#bytes += bytes;
    this.#own.set(caller, this.#ownOf(caller) + bytes);
  }

  give(bytes: number, caller = OURSELVES): void {
    this.#bytes -= bytes;
    const left = this.#ownOf(caller) - bytes;
    if (left > 0) this.#own.set(caller, left);
    else this.#own.delete(caller);
  }

  /** Holds bytes until they are given back, or until nothing has been heard of their answer for `silentMs`. */
  hold(bytes: number, silentMs: number, caller = OURSELVES): HeldPart {
    const part: HeldPart = {
      bytes,
      countsUntil: performance.now() + silentMs,
      touch() {
        part.countsUntil = performance.now() + silentMs;
      },
      end: () => {
        if (this.#parts.delete(part)) this.give(bytes, caller);
      },
    };
    this.#parts.add(part);
    this.add(bytes, caller);
    return part;
  }

  #dropOld(): void {
    const now = performance.now();
    for (const part of this.#parts) if (part.countsUntil <= now) part.end();
  }

  #hasRoom(caller: string): boolean {
    return this.#ownOf(caller) < this.#limit - this.#bytes;
  }

  #ownOf(caller: string): number {
    return this.#own.get(caller) ?? 0;
  }
}

/** What one answer holds. */
export interface HeldPart {
  readonly bytes: number;
  /** An instant of `performance.now()`. */
  countsUntil: number;
  /** The answer goes on. */
  touch(): void;
  end(): void;
}
