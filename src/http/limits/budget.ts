import { Fault } from '../../faults.ts';

/** Past the end of a request: by then it has given back what it held, if its runtime lets it do so at all. */
const GRACE_MS = 1_000;

export interface BudgetOptions {
  /** Bytes of all together. */
  limitBytes: number;
  /** Bytes of one caller, so that the others have something left. */
  eachBytes: number;
  /** What a request that is refused hears. */
  refusal: string;
}

/**
 * Bytes that the requests of a process share. A request takes of it what it holds, never what it announces, and gives it back when it
 * ends. A runtime that drops a request without a word, as a Worker's does when a client hangs up, cannot give anything back: so what is
 * taken counts until its deadline at the latest.
 */
export class Budget {
  readonly #options: BudgetOptions;
  readonly #shares = new Set<Share>();
  readonly #ofCaller = new Map<string, number>();
  #bytes = 0;

  constructor(options: BudgetOptions) {
    this.#options = options;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** What one request of this caller takes, nothing yet. `endsAt` is an instant of `performance.now()`. */
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

/** What one request has taken of a budget. */
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

  /** Gives all of it back; a second time does nothing. */
  end(): void {
    this.#budget.end();
    this.#bytes = 0;
  }
}
