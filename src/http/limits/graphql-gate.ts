import { type Gate, gateOf } from '../../concurrency-gate.ts';
import type { Service } from '../service.ts';

/** Requests that run or wait. Those that wait hold their body alone, which counts (body-budget.ts). */
const MOST_AT_ONCE = 4_096;
/** More than the database and the archive can work for. A page of a job sends ten requests at once. */
const WIDTH = 24;
const OF_ONE_CALLER = { amongOthers: 6, alone: 16 };

/**
 * The gate of GraphQL requests. A browser with a page of a job sends ten of them at once, and each needs a few
 * milliseconds of the thread that answers all requests. Without a gate, two hundred pages would delay every other
 * request by seconds, and fill the queues of the database and the archive.
 */
export function graphqlGate({ hasSharedLimits }: Pick<Service, 'hasSharedLimits'>): Gate {
  return gateOf({
    mostAtOnce: hasSharedLimits ? MOST_AT_ONCE : Number.POSITIVE_INFINITY,
    width: WIDTH,
    ofOneCaller: OF_ONE_CALLER,
  });
}
