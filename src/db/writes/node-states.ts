import { healthOf, type NodeReports } from '../../jobs/node-state.ts';
import type { Transaction } from '../driver/transaction.ts';

export interface NodeStatesInput {
  cluster: string;
  /** Unix seconds, one time for the whole report. */
  timeStamp: number;
  nodes: NodeReports;
  /** The subcluster of each node according to the node lists, or undefined. Without it, only a known node is stored. */
  subClusters: readonly (string | undefined)[];
}

/** Adds one row for each node. Creates unknown nodes whose subcluster is known, and skips the other unknown nodes. */
export async function addNodeStates(
  tx: Transaction,
  { cluster, timeStamp, nodes, subClusters }: NodeStatesInput,
): Promise<{ added: number }> {
  await tx.runEach(
    `INSERT INTO node (hostname, cluster, subcluster) SELECT ?1, ?2, ?3
     WHERE NOT EXISTS (SELECT 1 FROM node WHERE hostname = ?1 AND cluster = ?2)`,
    nodes.hostname.flatMap((hostname, at) => {
      const subCluster = subClusters[at];
      return subCluster === undefined ? [] : [[hostname, cluster, subCluster]];
    }),
  );
  const added = await tx.runEach(
    `INSERT INTO node_state (time_stamp, jobs_running, cpus_allocated, memory_allocated, gpus_allocated, node_state,
       health_state, health_metrics, node_id)
     SELECT ?3, ?4, ?5, ?6, ?7, ?8, ?9, '', node.id FROM node WHERE hostname = ?1 AND cluster = ?2`,
    nodes.hostname.map((hostname, at) => {
      const state = nodes.state[at] ?? 'unknown';
      return [
        hostname,
        cluster,
        timeStamp,
        nodes.jobsRunning[at] ?? 0,
        nodes.cpusAllocated[at] ?? 0,
        nodes.memoryAllocated[at] ?? 0,
        nodes.gpusAllocated[at] ?? 0,
        state,
        healthOf(state),
      ];
    }),
  );
  return { added };
}

/** Deletes one batch of node reports older than a time. Keeps the newest report of each node. */
export async function deleteNodeStates(
  tx: Transaction,
  { before, limit }: { before: number; limit: number },
): Promise<{ changed: number }> {
  const changed = await tx.run(
    `DELETE FROM node_state WHERE id IN (
       SELECT old.id FROM node_state AS old WHERE old.time_stamp < ? AND (old.node_id IS NULL OR EXISTS (
         SELECT 1 FROM node_state AS newer WHERE newer.node_id = old.node_id
           AND (newer.time_stamp, newer.id) > (old.time_stamp, old.id)))
       LIMIT ?)`,
    [before, limit],
  );
  return { changed };
}
