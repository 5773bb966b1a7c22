/** The states of a node (contract/rest.md §8). */
export const NODE_STATES = ['allocated', 'reserved', 'idle', 'mixed', 'down', 'unknown'] as const;
export type NodeState = (typeof NODE_STATES)[number];

/** What is known of one node at one time. Counts are whole, memory in MB. */
export interface NodeReport {
  hostname: string;
  /** By the node lists; undefined where none has it: then only a node that is known already is stored. */
  subCluster: string | undefined;
  state: NodeState;
  health: 'full' | 'failed';
  cpusAllocated: number | bigint;
  memoryAllocated: number | bigint;
  gpusAllocated: number | bigint;
  jobsRunning: number | bigint;
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
