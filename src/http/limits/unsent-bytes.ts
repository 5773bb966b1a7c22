import { OURSELVES } from '../../deadline.ts';
import { Fault } from '../../faults.ts';

const MB = 1024 * 1024;
/** MB of responses that clients have not read yet. Part of the memory sizing. */
export const ANSWERS_HELD_MB = 64;
/** A Worker isolate has 128 MB in total. */
const IN_AN_ISOLATE_MB = 32;

/**
 * Response bytes that clients have requested but not yet read. The service must hold the response of a slow client, and
 * a thousand slow clients must not fill the memory. One per service. A caller may hold as much as is left for the others: a
 * single caller half of the limit, two callers a third each. So there is always room for one more.
 */
export class UnsentBytes {
  #bytes = 0;
  /** The bytes of each caller that holds any. */
  readonly #own = new Map<string, number>();
  readonly #limit: number;
  readonly #parts = new Set<HeldPart>();

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  /**
   * Chooses the limit for a runtime that reports the end of each request, or for one that does not: a Worker does not
   * report that a client has disconnected.
   */
  static for({ hasSharedLimits }: { hasSharedLimits: boolean }): UnsentBytes {
    return new UnsentBytes((hasSharedLimits ? ANSWERS_HELD_MB : IN_AN_ISOLATE_MB) * MB);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Returns true if there is room for what only makes responses faster: reading ahead, or compression. */
  hasSpareRoom(caller: string): boolean {
    return 2 * this.#ownOf(caller) < this.#limit - this.#bytes;
  }

  /** Throws queue_full if there is no room for another response. A started response always continues: see `add`. */
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

  /** Holds bytes until they are given back, or until their response was idle for `silentMs`. */
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

/** The unsent bytes of one response, of a caller. */
export class ResponseBytes {
  readonly #held: Pick<UnsentBytes, 'add' | 'give'>;
  readonly #caller: string;
  #bytes = 0;
  #closed = false;

  constructor(held: Pick<UnsentBytes, 'add' | 'give'>, caller: string) {
    this.#held = held;
    this.#caller = caller;
  }

  add(bytes: number): void {
    if (this.#closed) return;
    this.#bytes += bytes;
    this.#held.add(bytes, this.#caller);
  }

  give(bytes: number): void {
    if (this.#closed) return;
    this.#bytes -= bytes;
    this.#held.give(bytes, this.#caller);
  }

  /** Gives back all that is left. */
  close(): void {
    this.give(this.#bytes);
    this.#closed = true;
  }
}

/** The bytes that one response holds. */
export interface HeldPart {
  readonly bytes: number;
  /** A time of `performance.now()`. */
  countsUntil: number;
  /** Reports that the response makes progress. */
  touch(): void;
  end(): void;
}
