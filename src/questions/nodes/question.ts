import type { TextOperator } from '../../jobs/filter.ts';
import type { NodeState } from '../../jobs/node-state.ts';

/**
 * One condition on a node and its newest state; for a history, on the node and each of its states. Texts are compared
 * as those of jobs are. A state that does not exist matches nothing.
 */
export type NodeCondition =
  | {
      readonly kind: 'text';
      readonly field: 'hostname' | 'cluster' | 'subcluster';
      readonly operator: TextOperator;
      readonly values: readonly string[];
    }
  | { readonly kind: 'state'; readonly of: StateKind; readonly state: string };

/** All conditions must hold. */
export type NodeFilter = readonly NodeCondition[];

/** What the scheduler does with a node, or its health. */
export type StateKind = 'scheduler' | 'health';

/** A node in its newest state. */
export interface NodeNow {
  id: number | bigint;
  hostname: string;
  cluster: string;
  subCluster: string;
  jobsRunning: number | bigint;
  cpusAllocated: number | bigint;
  /** MB. */
  memoryAllocated: number | bigint;
  gpusAllocated: number | bigint;
  schedulerState: NodeState;
  healthState: string;
  /** Objects as stored, `{}` if there is nothing valid, or if they were not asked for. */
  metaData: unknown;
  healthData: unknown;
}

export interface NodeStateCount {
  state: string;
  count: number;
}

/** How many nodes reported a state at each time. Both lists have the same length; times ascend. */
export interface NodeStateHistory {
  state: string;
  /** Unix seconds. */
  times: number[];
  counts: number[];
}
