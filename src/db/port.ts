import type { Deadline } from '../deadline.ts';
import type { DatabaseStatus } from '../system-state-types.ts';
import type { Maintenance } from './maintenance.ts';
import type { PageStatement, Statement } from './statement.ts';
import type { WriteInput, WriteName, WriteOutput } from './writes/all-writes.ts';

/**
 * The database as the service sees it. There are three implementations: connection processes, a libSQL server, and a
 * replica of one. All give the same answers, which test/db/contract.ts tests.
 *
 * Every call ends at its deadline with the Fault `deadline_exceeded` (or the deadline's ClientGone). What it started
 * has stopped by then or is being killed. Other faults are `queue_full`, `connection_lost`, `memory_limit_exceeded`,
 * `disk_full`, `database_busy`, `read_only`, and for writes `outcome_unknown`.
 */
export interface Database {
  /** Returns all rows of a statement, each checked against its row schema. For answers of bounded size. */
  read<Row>(statement: Statement<Row>, deadline: Deadline): Promise<Row[]>;

  /**
   * Returns one batch of a long list. Its rows are JSON text for a route that only forwards them. No process, snapshot
   * or transaction is held between batches, so a list of any length is read in many batches
   * (src/questions/list/read-ahead.ts).
   */
  readPage<More>(statement: PageStatement<More>, deadline: Deadline): Promise<Page<More>>;

  /** Runs one named write as one transaction. After a fault nothing has changed, except with `outcome_unknown`. */
  write<Name extends WriteName>(name: Name, input: WriteInput<Name>, deadline: Deadline): Promise<WriteOutput<Name>>;

  /** Runs a maintenance task of the database file. Returns its results for the log. Servers maintain themselves. */
  maintain(task: Maintenance, deadline: Deadline): Promise<Record<string, number>>;

  /** How many queries could start now and leave a process for others. 0 for a server, where each query is a request. */
  idleReaders(): number;

  /** The current state. Never waits and never runs a query. */
  status(): DatabaseStatus;

  /** Ends all processes and connections, after `graceMs` by force. */
  close(graceMs: number): Promise<void>;
}

/** One batch of a long list. */
export interface Page<More> {
  /** The rows as JSON texts joined by `,` and a line feed, in valid UTF-8. Empty if there are no rows. */
  bytes: Uint8Array;
  rows: number;
  more: More;
}
