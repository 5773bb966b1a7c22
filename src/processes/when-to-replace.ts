import type { AnyProcess } from './managed-process.ts';

/**
 * MB that a process may keep above its resting level. Above this it is replaced, because only the end of a process
 * returns memory to the system (measured: after interrupt, shrink_memory and close, 1.9 of 2.0 GB remain). A process
 * without a pause between requests may keep what the batches of a long list take (25 MB). When such processes were
 * replaced between batches, two readers of one list had five successors per second.
 */
const KEPT_LIMIT_MB = { atRest: 8, atWork: 48 };
/** A process without a request for this long is at rest. */
const REST_MS = 250;

/**
 * Returns true if a process is to be replaced by a new one: it is marked, for example because it ran out of memory
 * (memory-watch.ts), or it keeps too much memory after its requests.
 */
export function isToBeReplaced(member: AnyProcess): boolean {
  const { state } = member;
  if (state.name !== 'idle' && state.name !== 'busy') return false;
  if (member.needsReplacement) return true;
  if (state.name === 'busy') return false;
  const isAtRest = performance.now() - state.since > REST_MS;
  return member.rssMb > member.restingMb + KEPT_LIMIT_MB[isAtRest ? 'atRest' : 'atWork'];
}
