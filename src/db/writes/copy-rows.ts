import type { Transaction } from '../driver/transaction.ts';
import type { SqlValue } from '../statement.ts';

export interface CopyRowsInput {
  /** Values in the order given in the comment of the write. */
  rows: readonly (readonly SqlValue[])[];
}

export interface CopyRowsOutput {
  /** Number of added rows. Existing rows are not changed. */
  inserted: number;
}

function copyInto(insert: string) {
  return async (tx: Transaction, { rows }: CopyRowsInput): Promise<CopyRowsOutput> => ({
    inserted: await tx.runEach(insert, rows),
  });
}

/** tag_type, tag_name, tag_scope, insert_ts (null: now). A tag with this type and name is kept, whatever its scope. */
export const copyTags = copyInto(
  `INSERT OR IGNORE INTO tag (tag_type, tag_name, tag_scope, insert_ts)
   VALUES (?, ?, ?, coalesce(?, CURRENT_TIMESTAMP))`,
);

/** username, password (bcrypt), ldap, name, roles, email, projects. */
export const copyUsers = copyInto(
  `INSERT OR IGNORE INTO hpc_user (username, password, ldap, name, roles, email, projects) VALUES (?, ?, ?, ?, ?, ?, ?)`,
);

/** username, confkey, value. Settings of unknown users are skipped, because the foreign key would reject them. */
export const copyConfiguration = copyInto(
  `INSERT OR IGNORE INTO configuration (username, confkey, value)
   SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM hpc_user WHERE username = ?1)`,
);

/** hostname, cluster, subcluster, meta_data. */
export const copyNodes = copyInto(
  'INSERT OR IGNORE INTO node (hostname, cluster, subcluster, meta_data) VALUES (?, ?, ?, ?)',
);

/**
 * hostname, cluster, time_stamp, jobs_running, cpus_allocated, memory_allocated, gpus_allocated, node_state,
 * health_state, health_metrics. An existing report of the same node and time is kept.
 */
export const copyNodeStates = copyInto(
  `INSERT OR IGNORE INTO node_state (time_stamp, jobs_running, cpus_allocated, memory_allocated, gpus_allocated,
     node_state, health_state, health_metrics, node_id)
   SELECT ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, node.id FROM node
   WHERE node.hostname = ?1 AND node.cluster = ?2
     AND NOT EXISTS (SELECT 1 FROM node_state AS old WHERE old.node_id = node.id AND old.time_stamp = ?3)`,
);
