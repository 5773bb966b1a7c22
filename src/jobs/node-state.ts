/** The states of a node (contract/rest.md §8). */
export const NODE_STATES = ['allocated', 'reserved', 'idle', 'mixed', 'down', 'unknown'] as const;
export type NodeState = (typeof NODE_STATES)[number];
export const HEALTH_STATES = ['full', 'partial', 'failed'] as const;

/**
 * The states of nodes at one time. Each list has one member per node, in the same order: copying tens of thousands of
 * objects would cost more than reading them. Counts are whole numbers, memory is in MB.
 */
export interface NodeReports {
  hostname: readonly string[];
  state: readonly NodeState[];
  cpusAllocated: readonly (number | bigint)[];
  memoryAllocated: readonly (number | bigint)[];
  gpusAllocated: readonly (number | bigint)[];
  jobsRunning: readonly (number | bigint)[];
}

/** Reduces all words of a scheduler for a node to one state: the first of allocated, reserved, down, idle and mixed. */
export function nodeStateOf(words: readonly string[]): NodeState {
  const said = new Set(words.map((word) => word.toLowerCase()));
  if (said.has('allocated')) return 'allocated';
  if (said.has('reserved')) return 'reserved';
  if (said.has('idle')) return said.has('down') ? 'down' : 'idle';
  if (said.has('down')) return 'down';
  return said.has('mixed') ? 'mixed' : 'unknown';
}

/** Returns the health of a node. It is not measured: a node that is down counts as healthy, others as failed. */
export function healthOf(state: NodeState): 'full' | 'failed' {
  return state === 'down' ? 'full' : 'failed';
}
