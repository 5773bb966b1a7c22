import type { Answer } from '../db/driver/answer-rows.ts';
import type { ConnectionOptions } from '../db/driver/pragmas.ts';
import type { Maintenance } from '../db/maintenance.ts';
import type { ReplicaOptions, Synced } from '../db/replica/open-replica.ts';
import type { SqlValue } from '../db/statement.ts';
import type { WriteName } from '../db/writes/index.ts';

/** A connection that reads. */
export interface ReaderProtocol {
  readonly options: ConnectionOptions;
  readonly calls: {
    query: { input: { name: string; sql: string; parameters: readonly SqlValue[] }; output: Answer };
  };
  readonly step: never;
}

/** The connection that writes. */
export interface WriterProtocol {
  readonly options: ConnectionOptions;
  readonly calls: {
    write: { input: { name: WriteName; input: unknown }; output: unknown };
    maintain: { input: Maintenance; output: Record<string, number> };
  };
  /** Of a write: another program holds the lock that it needs; it holds the lock. */
  readonly step: 'locked' | 'began';
}

/** The process that brings a replica up to date. */
export interface SyncerProtocol {
  readonly options: ReplicaOptions;
  readonly calls: { sync: { input: null; output: Synced } };
  readonly step: never;
}
