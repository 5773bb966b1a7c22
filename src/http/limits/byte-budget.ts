import { Fault } from '../../faults.ts';

/** Time after the end of a request. By then it has given its bytes back, if its runtime allows it. */
const GRACE_MS = 1_000;

export interface ByteBudgetOptions {
  /** The most bytes of all callers together. */
  limitBytes: number;
  /** The most bytes of one caller, so that other callers get some. */
  eachBytes: number;
  /** The error message of a refused request. */
  refusal: string;
}

/**
 * Bytes shared by the requests of a process. A request takes the bytes it holds, not those it announces, and returns
 * them when it ends. Some runtimes drop a request silently, as a Worker does when a client disconnects. Such a request
 * cannot return its bytes, so they count at most until its deadline.
 */
export class ByteBudget {
  readonly #options: ByteBudgetOptions;
  readonly #shares = new Set<Share>();
  readonly #ofCaller = new Map<string, number>();
  #bytes = 0;

  constructor(options: ByteBudgetOptions) {
    this.#options = options;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Starts the share of one request of this caller, at 0 bytes. `endsAt` is a time of `performance.now()`. */
  share(caller: string, endsAt: number): Share {
    const share = new Share(endsAt + GRACE_MS, {
      take: (bytes) => this.#take(share, caller, bytes),
      end: () => this.#end(share, caller),
    });
    return share;
  }

  #take(share: Share, caller: string, bytes: number): void {
    if (!this.#hasRoom(caller, bytes)) this.#dropOld();
    if (!this.#hasRoom(caller, bytes)) throw new Fault('queue_full', this.#options.refusal);
    this.#shares.add(share);
    this.#count(caller, bytes);
  }

  #hasRoom(caller: string, bytes: number): boolean {
    const { limitBytes, eachBytes } = this.#options;
    return this.#bytes + bytes <= limitBytes && (this.#ofCaller.get(caller) ?? 0) + bytes <= eachBytes;
  }

  #dropOld(): void {
    const now = performance.now();
    for (const share of this.#shares) if (share.countsUntil <= now) share.end();
  }

  #end(share: Share, caller: string): void {
    if (this.#shares.delete(share)) this.#count(caller, -share.bytes);
  }

  #count(caller: string, bytes: number): void {
    this.#bytes += bytes;
    const left = (this.#ofCaller.get(caller) ?? 0) + bytes;
    if (left === 0) this.#ofCaller.delete(caller);
    else this.#ofCaller.set(caller, left);
  }
}

/** The bytes that one request has taken from a budget. */
export class Share {
  readonly countsUntil: number;
  readonly #budget: { take(bytes: number): void; end(): void };
  #bytes = 0;

  constructor(countsUntil: number, budget: { take(bytes: number): void; end(): void }) {
    this.countsUntil = countsUntil;
    this.#budget = budget;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Throws queue_full. */
  raiseTo(bytes: number): void {
    if (bytes <= this.#bytes) return;
    this.#budget.take(bytes - this.#bytes);
    this.#bytes = bytes;
  }

  /** Returns all bytes. A second call does nothing. */
  end(): void {
    this.#budget.end();
    this.#bytes = 0;
  }
}
