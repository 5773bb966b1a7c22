import type { Deadline } from '../deadline.ts';
import type { DatabaseStatus } from '../system-state.ts';
import type { Maintenance } from './maintenance.ts';
import type { PageStatement, Statement } from './statement.ts';
import type { WriteInput, WriteName, WriteOutput } from './writes/index.ts';

/**
 * The database as the service sees it. Three implementations (connection processes, a libSQL server, a replica of one)
 * answer alike; test/db/contract.ts holds them to it.
 *
 * Every call ends when its deadline does, with the Fault `deadline_exceeded` (or the deadline's ClientGone), and what it
 * started has stopped by then or is being killed. Other faults: `queue_full`, `connection_lost`, `memory_limit_exceeded`,
 * `disk_full`, `database_busy`, `read_only`, and for writes `outcome_unknown`.
 */
export interface Database {
  /** All rows of a statement, each checked against its row schema. For answers of bounded size. */
  read<Row>(statement: Statement<Row>, deadline: Deadline): Promise<Row[]>;

  /**
   * One batch of a big answer, its rows still as JSON text for a route that only forwards them. Between batches no
   * process, snapshot or transaction is held, so a list of any size is a pull of many of these (src/questions/list/read-ahead.ts).
   */
  readPage<More>(statement: PageStatement<More>, deadline: Deadline): Promise<Page<More>>;

  /**
   * Runs one named write as one transaction. Its faults leave nothing behind, save `outcome_unknown`.
   */
  write<Name extends WriteName>(name: Name, input: WriteInput<Name>, deadline: Deadline): Promise<WriteOutput<Name>>;

  /** What a file wants from time to time; answers what is worth telling. A libSQL server does it by itself. */
  maintain(task: Maintenance, deadline: Deadline): Promise<Record<string, number>>;

  /** How many queries could begin now so that others find a process too; 0 where each is another request to a server. */
  idleReaders(): number;

  /** What the implementation holds at the moment; never waits, never runs a query. */
  status(): DatabaseStatus;

  /** Ends every process and connection: at `graceMs` at the latest by force. */
  close(graceMs: number): Promise<void>;
}

/** One batch of a big answer. */
export interface Page<More> {
  /** The rows as JSON texts joined by `,` and a line feed, valid UTF-8; nothing when there are none. */
  bytes: Uint8Array;
  rows: number;
  more: More;
}
