/** The states of a node (contract/rest.md §8). */
export const NODE_STATES = ['allocated', 'reserved', 'idle', 'mixed', 'down', 'unknown'] as const;
export type NodeState = (typeof NODE_STATES)[number];

/**
 * What is known of nodes at one time: each list has a member a node, in one order, since tens of thousands of objects would cost more to
 * copy than to read. Counts are whole, memory in MB.
 */
export interface NodeReports {
  hostname: readonly string[];
  state: readonly NodeState[];
  cpusAllocated: readonly (number | bigint)[];
  memoryAllocated: readonly (number | bigint)[];
  gpusAllocated: readonly (number | bigint)[];
  jobsRunning: readonly (number | bigint)[];
}

/** The one state of a node from all the words a scheduler has for it: the first that is among them, in this order. */
export function nodeStateOf(words: readonly string[]): NodeState {
  const said = new Set(words.map((word) => word.toLowerCase()));
  if (said.has('allocated')) return 'allocated';
  if (said.has('reserved')) return 'reserved';
  if (said.has('idle')) return said.has('down') ? 'down' : 'idle';
  if (said.has('down')) return 'down';
  return said.has('mixed') ? 'mixed' : 'unknown';
}

/** Without a metric store nobody can look into a node: one that is down is as healthy as it can be, others count as failed. */
export function healthOf(state: NodeState): 'full' | 'failed' {
  return state === 'down' ? 'full' : 'failed';
}
