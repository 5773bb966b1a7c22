import { type Gate, gateOf } from '../../../concurrency-gate.ts';
import type { Service } from '../../service.ts';

/** Requests that use the provider at the same time, and that wait. The answer to each takes at most some seconds. */
const AT_ONCE = 16;
const OF_ONE_CALLER = { amongOthers: 4, alone: 8 };
const WAITING = 64;
const OF_ONE_CALLER_WAITING = 16;

/** The gate of requests that use the OpenID Connect provider. */
export function oidcGate({ hasSharedLimits }: Pick<Service, 'hasSharedLimits'>): Gate {
  return gateOf({
    mostAtOnce: hasSharedLimits ? AT_ONCE + WAITING : Number.POSITIVE_INFINITY,
    callerLimit: OF_ONE_CALLER_WAITING,
    width: AT_ONCE,
    ofOneCaller: OF_ONE_CALLER,
  });
}
