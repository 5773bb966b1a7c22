import type { Answer } from '../db/driver/answer-rows.ts';
import type { ConnectionOptions } from '../db/driver/pragmas.ts';
import type { Maintenance } from '../db/maintenance.ts';
import type { ReplicaOptions, Synced } from '../db/replica/open-replica.ts';
import type { SqlValue } from '../db/statement.ts';
import type { WriteName } from '../db/writes/all-writes.ts';

/** The protocol of a reader. */
export interface ReaderProtocol {
  readonly options: ConnectionOptions;
  readonly calls: {
    query: { input: { name: string; sql: string; parameters: readonly SqlValue[] }; output: Answer };
  };
  readonly step: never;
}

/** The protocol of the writer. */
export interface WriterProtocol {
  readonly options: ConnectionOptions;
  readonly calls: {
    write: { input: { name: WriteName; input: unknown }; output: unknown };
    maintain: { input: Maintenance; output: Record<string, number> };
  };
  /** Progress of a write. `locked`: another program holds the lock. `began`: the write holds the lock. */
  readonly step: 'locked' | 'began';
}

/** The protocol of the process that brings a replica up to date. */
export interface SyncerProtocol {
  readonly options: ReplicaOptions;
  readonly calls: { sync: { input: null; output: Synced } };
  readonly step: never;
}
