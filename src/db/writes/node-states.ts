import type { NodeReport } from '../../jobs/node-state.ts';
import type { Transaction } from '../transaction.ts';

export interface NodeStatesInput {
  cluster: string;
  /** Unix seconds: all of one report have one time. */
  timeStamp: number;
  nodes: readonly NodeReport[];
}

/** Adds one row for each node. A node that was not known is made where its subcluster is, and passed over where not. */
export async function addNodeStates(
  tx: Transaction,
  { cluster, timeStamp, nodes }: NodeStatesInput,
): Promise<{ added: number }> {
  await tx.runEach(
    `INSERT INTO node (hostname, cluster, subcluster) SELECT ?1, ?2, ?3
     WHERE NOT EXISTS (SELECT 1 FROM node WHERE hostname = ?1 AND cluster = ?2)`,
    nodes.flatMap(({ hostname, subCluster }) => (subCluster === undefined ? [] : [[hostname, cluster, subCluster]])),
  );
  const added = await tx.runEach(
    `INSERT INTO node_state (time_stamp, jobs_running, cpus_allocated, memory_allocated, gpus_allocated, node_state,
       health_state, health_metrics, node_id)
     SELECT ?3, ?4, ?5, ?6, ?7, ?8, ?9, '', node.id FROM node WHERE hostname = ?1 AND cluster = ?2`,
    nodes.map((node) => [
      node.hostname,
      cluster,
      timeStamp,
      node.jobsRunning,
      node.cpusAllocated,
      node.memoryAllocated,
      node.gpusAllocated,
      node.state,
      node.health,
    ]),
  );
  return { added };
}
