import type { Deadline } from '../../deadline.ts';
import { Shares, type Waiting } from '../../processes/shares.ts';

/** Requests at the server at once: enough for a server far away, and not so many that each waits for all others there. */
const MOST_AT_SERVER = 64;
/** Of one caller: a server that works on eight questions of one user still answers the next one's soon. */
const OF_ONE_CALLER = { amongOthers: 8, alone: 32 };

interface WaitingForServer extends Waiting {
  start(): void;
}

export type Turn = Pick<Deadline, 'signal' | 'caller' | 'hasBegun'>;

export interface GateLimits {
  /** Requests at the server and waiting for it; more are refused with `queue_full`. Infinity: none is counted, and none waits. */
  mostAtOnce: number;
  /** Of them those of one caller, while others wait; without it as many as there is room for. */
  callerLimit?: number | undefined;
}

/** What a request at the server has to pass. */
export interface Gate {
  /** Runs `work` when it is its turn; rejects with queue_full or the signal's reason. */
  pass<Result>(turn: Turn, work: () => Promise<Result>): Promise<Result>;
  /** Counts what goes on at the server after an answer. */
  hold(work: Promise<unknown>): void;
}

/**
 * The gate before a libSQL server, shared fairly among callers. Without a limit there is none: a Worker lets no request wait for what
 * another one does, and one that it drops would be counted for ever.
 */
export function gateOf({ mostAtOnce, callerLimit = Number.POSITIVE_INFINITY }: GateLimits): Gate {
  if (mostAtOnce === Number.POSITIVE_INFINITY) return { pass: (_turn, work) => work(), hold() {} };
  const width = Math.min(mostAtOnce, MOST_AT_SERVER);
  const shares = new Shares<WaitingForServer>({ limit: mostAtOnce - width, callerLimit, atOnce: OF_ONE_CALLER });
  let running = 0;

  const run = async <Result>(caller: string, work: () => Promise<Result>) => {
    running += 1;
    try {
      return await shares.run(caller, work);
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
    const { signal, caller, hasBegun } = turn;
    signal.throwIfAborted();
    shares.asked(caller);
    if (running < width && shares.mayBegin(caller) && !shares.anyMayBegin) return await run(caller, work);
    return await new Promise((resolve, reject) => {
      const drop = () => {
        shares.remove(own);
        reject(signal.reason);
      };
      const own: WaitingForServer = {
        caller,
        counts: hasBegun !== true,
        start() {
          signal.removeEventListener('abort', drop);
          run(caller, work).then(resolve, reject);
        },
        refuse(reason) {
          signal.removeEventListener('abort', drop);
          reject(reason);
        },
      };
      shares.add(own);
      signal.addEventListener('abort', drop, { once: true });
    });
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
