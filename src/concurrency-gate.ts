import { FairQueue, type ShareLimits, type Turn, type WaitingFor, waitForTurn } from './fair-queue.ts';

/** Requests at a libSQL server at once: enough for a distant one, few enough that they do not delay each other there. */
const MOST_AT_SERVER = 64;
/** Requests of one caller at the server. A server with eight queries of one user still answers the next user soon. */
const OF_ONE_CALLER = { amongOthers: 8, alone: 32 };

export interface GateLimits {
  /** Requests at the server and waiting for it. More get `queue_full`. Infinity: neither counted nor delayed. */
  mostAtOnce: number;
  /** Requests of one caller, while others wait. By default there is no limit. */
  callerLimit?: number | undefined;
  /** Requests at the server. */
  width?: number;
  /** Requests of one caller at the server, with and without requests of others in the last seconds. */
  ofOneCaller?: ShareLimits['atOnce'];
}

/** The place of a running request. */
export interface Place {
  /** Runs work that does not need the server. Others may have the place meanwhile. Afterwards the request goes on. */
  leave<Result>(work: () => Promise<Result>): Promise<Result>;
}

/** Limits the requests at a server. */
export interface Gate {
  /** Runs `work` in its turn. Rejects with queue_full or the signal's reason. */
  pass<Result>(turn: Turn, work: (place: Place) => Promise<Result>): Promise<Result>;
  /** Counts work that continues at the server after an answer. */
  hold(work: Promise<unknown>): void;
}

const NO_PLACE: Place = { leave: (work) => work() };

/**
 * The gate of a server, shared fairly among callers. Without a limit it lets everything pass: in a Worker a
 * request must not wait for another one, and a dropped request would be counted for ever.
 */
export function gateOf({
  mostAtOnce,
  callerLimit = Number.POSITIVE_INFINITY,
  width: most = MOST_AT_SERVER,
  ofOneCaller = OF_ONE_CALLER,
}: GateLimits): Gate {
  if (mostAtOnce === Number.POSITIVE_INFINITY) return { pass: (_turn, work) => work(NO_PLACE), hold() {} };
  const width = Math.min(mostAtOnce, most);
  const shares = new FairQueue<WaitingFor<void>>({ limit: mostAtOnce - width, callerLimit, atOnce: ofOneCaller });
  let running = 0;

  const placeOf = (caller: string): Place => {
    let away = 0;
    return {
      async leave(work) {
        away += 1;
        if (away === 1) {
          running -= 1;
          shares.pause(caller);
          serve();
        }
        try {
          return await work();
        } finally {
          away -= 1;
          if (away === 0) {
            running += 1;
            shares.resume(caller);
          }
        }
      },
    };
  };
  const run = async <Result>(caller: string, work: (place: Place) => Promise<Result>) => {
    running += 1;
    try {
      return await shares.run(caller, () => work(placeOf(caller)));
    } finally {
      running -= 1;
      serve();
    }
  };
  const serve = () => {
    while (running < width) {
      const next = shares.next();
      if (next === undefined) return;
      next.start();
    }
  };
  const pass: Gate['pass'] = async (turn, work) => {
    const { signal, caller } = turn;
    signal.throwIfAborted();
    shares.asked(caller);
    if (running < width && shares.mayBegin(caller) && !shares.anyMayBegin) return await run(caller, work);
    return await waitForTurn(shares, turn, () => run(caller, work));
  };
  return {
    pass,
    hold(work) {
      running += 1;
      void work.finally(() => {
        running -= 1;
        serve();
      });
    },
  };
}
