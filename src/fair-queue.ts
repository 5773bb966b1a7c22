import { type Deadline, OURSELVES } from './deadline.ts';
import { Fault } from './faults.ts';

export interface ShareLimits {
  /** Maximum number of waiting requests of all callers together. */
  limit: number;
  /** Maximum number of requests of one caller, waiting and running. It applies while others wait. */
  callerLimit: number;
  /** Maximum number of running requests of one caller, with and without requests of others in the last seconds. */
  atOnce: { amongOthers: number; alone: number };
}

/** The caller that asks for a resource, and how long it waits. */
export type Turn = Pick<Deadline, 'signal' | 'caller' | 'hasBegun'>;

/** A waiting request. */
export interface Waiting {
  readonly caller: string;
  /** False for a request that is never refused: the next part of a begun answer, or a question that others wait for. */
  readonly counts: boolean;
  /** Ends the wait with a reason. */
  refuse(reason: unknown): void;
}

/** A waiting request that starts when it gets a resource. */
export interface WaitingFor<Resource> extends Waiting {
  start(resource: Resource): void;
}

interface Lane<Entry> {
  readonly waiting: Set<Entry>;
  counted: number;
  running: number;
}

/** For this long after a request of another caller, a caller leaves room for others. */
const OTHERS_MS = 5_000;

/**
 * Requests that wait for one resource. Callers take turns, and callers with the fewest running requests come first.
 * Requests of one caller keep their order. If the queue is full, a caller with less than its share replaces the last
 * request of the caller with the most. A caller with no waiting or running requests is not stored.
 */
export class FairQueue<Entry extends Waiting> {
  readonly #limits: ShareLimits;
  /** In the order of their turns. */
  readonly #lanes = new Map<string, Lane<Entry>>();
  #length = 0;
  #counted = 0;
  /** The last two different callers, and when they asked: enough to know for any caller whether others have. */
  #last = { caller: '', at: Number.NEGATIVE_INFINITY };
  #lastBut = Number.NEGATIVE_INFINITY;

  constructor(limits: ShareLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#length;
  }

  /** To be called for every request, whether it waits or not. Requests of the service itself are rare and ignored. */
  asked(caller: string): void {
    if (caller === OURSELVES) return;
    if (caller !== this.#last.caller) this.#lastBut = this.#last.at;
    this.#last = { caller, at: performance.now() };
  }

  /** True if this caller may start one more request. */
  mayBegin(caller: string): boolean {
    const { amongOthers, alone } = this.#limits.atOnce;
    const running = this.#lanes.get(caller)?.running ?? 0;
    if (running < amongOthers) return true;
    return running < alone && !this.#othersAsk(caller);
  }

  /** True if a waiting request may start. */
  get anyMayBegin(): boolean {
    return this.#length > 0 && this.#first() !== undefined;
  }

  /** Adds a request. Throws queue_full, or refuses the last request of another caller to make room. */
  add(entry: Entry): void {
    if (entry.counts) this.#makeRoom(entry.caller);
    const lane = this.#laneOf(entry.caller);
    lane.waiting.add(entry);
    this.#length += 1;
    if (!entry.counts) return;
    lane.counted += 1;
    this.#counted += 1;
  }

  /** Returns false if the request no longer waits. */
  remove(entry: Entry): boolean {
    const lane = this.#lanes.get(entry.caller);
    if (lane?.waiting.delete(entry) !== true) return false;
    this.#length -= 1;
    if (entry.counts) {
      lane.counted -= 1;
      this.#counted -= 1;
    }
    this.#forget(entry.caller, lane);
    return true;
  }

  /** Removes and returns the next request that may start, or undefined. */
  next(): Entry | undefined {
    const entry = this.#first();
    if (entry === undefined) return undefined;
    this.remove(entry);
    this.#toTheEnd(entry.caller);
    return entry;
  }

  /** Counts a request as running until it settles. */
  async run<Result>(caller: string, work: () => Promise<Result>): Promise<Result> {
    this.#laneOf(caller).running += 1;
    try {
      return await work();
    } finally {
      const lane = this.#laneOf(caller);
      lane.running -= 1;
      this.#forget(caller, lane);
      this.#toTheEnd(caller); // a request that did not have to wait counts as a turn too
    }
  }

  /** A running request waits for something else. */
  pause(caller: string): void {
    const lane = this.#laneOf(caller);
    lane.running -= 1;
    this.#forget(caller, lane);
  }

  resume(caller: string): void {
    const lane = this.#laneOf(caller);
    lane.running += 1;
    this.#forget(caller, lane); // it has ended meanwhile
  }

  /** Removes and returns all requests. */
  clear(): Entry[] {
    const all = [...this.#lanes.values()].flatMap(({ waiting }) => [...waiting]);
    for (const entry of all) this.remove(entry);
    return all;
  }

  #laneOf(caller: string): Lane<Entry> {
    const known = this.#lanes.get(caller);
    if (known !== undefined) return known;
    const lane: Lane<Entry> = { waiting: new Set(), counted: 0, running: 0 };
    this.#lanes.set(caller, lane);
    return lane;
  }

  /** Moves a caller to the end of the round. */
  #toTheEnd(caller: string): void {
    const lane = this.#lanes.get(caller);
    if (lane === undefined) return;
    this.#lanes.delete(caller);
    this.#lanes.set(caller, lane);
  }

  #forget(caller: string, lane: Lane<Entry>): void {
    if (lane.waiting.size === 0 && lane.running === 0) this.#lanes.delete(caller);
  }

  #othersAsk(caller: string): boolean {
    const at = this.#last.caller === caller ? this.#lastBut : this.#last.at;
    return performance.now() - at < OTHERS_MS;
  }

  #first(): Entry | undefined {
    let best: Lane<Entry> | undefined;
    for (const [caller, lane] of this.#lanes) {
      if (lane.waiting.size === 0 || !this.mayBegin(caller)) continue;
      if (best === undefined || lane.running < best.running) best = lane;
      if (best.running === 0) break;
    }
    return best?.waiting.values().next().value;
  }

  #makeRoom(caller: string): void {
    const { counted, running } = this.#lanes.get(caller) ?? { counted: 0, running: 0 };
    const othersWait = this.#counted > counted;
    if (othersWait && counted + running >= this.#limits.callerLimit) throw ownAreTooMany(counted + running);
    if (this.#counted < this.#limits.limit) return;
    const lanes = [...this.#lanes.values()].filter((lane) => lane.counted > 0);
    const most = lanes.reduce<Lane<Entry> | undefined>(
      (best, lane) => (best === undefined || lane.counted > best.counted ? lane : best),
      undefined,
    );
    // Taking a place from a lane with one entry more would only exchange the two.
    if (most === undefined || most.counted < counted + 2) {
      const hasMoreThanItsShare = counted * lanes.length > this.#limits.limit; // with 4 callers and 100 places, 26
      const fillsIt = counted > 0 && (!othersWait || hasMoreThanItsShare);
      throw fillsIt ? ownAreTooMany(counted + running) : queueFull();
    }
    const last = [...most.waiting].findLast((entry) => entry.counts);
    if (last === undefined) return;
    const own = most.counted + most.running;
    this.remove(last);
    last.refuse(ownAreTooMany(own));
  }
}

/** Waits for a resource and passes it to `work` in the same tick. Rejects with queue_full or the signal's reason. */
export function waitForTurn<Resource, Result>(
  shares: FairQueue<WaitingFor<Resource>>,
  { signal, caller, hasBegun }: Turn,
  work: (resource: Resource) => Promise<Result>,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const drop = () => {
      shares.remove(own);
      reject(signal.reason);
    };
    const own: WaitingFor<Resource> = {
      caller,
      counts: hasBegun !== true,
      start(resource) {
        signal.removeEventListener('abort', drop);
        work(resource).then(resolve, reject);
      },
      refuse(reason) {
        signal.removeEventListener('abort', drop);
        reject(reason);
      },
    };
    shares.add(own); // an error here rejects the promise
    signal.addEventListener('abort', drop, { once: true });
  });
}

function queueFull(): Fault {
  return new Fault('queue_full', 'too many requests are waiting: try again');
}

function ownAreTooMany(count: number): Fault {
  return new Fault(
    'queue_full',
    `${count} of your own requests are already running or waiting: wait for some of them to finish`,
  );
}
