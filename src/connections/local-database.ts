import { statfsSync } from 'node:fs';
import type { Maintenance } from '../db/maintenance.ts';
import type { Database, Page } from '../db/port.ts';
import type { PageStatement, Statement } from '../db/statement.ts';
import type { WriteInput, WriteName, WriteOutput } from '../db/writes/all-writes.ts';
import { type Deadline, within } from '../deadline.ts';
import { type Counters, newCounters } from '../processes/counters.ts';
import type { AnyProcess } from '../processes/managed-process.ts';
import { watchMemory } from '../processes/memory-watch.ts';
import { ReplacementPermit } from '../processes/replacement-permit.ts';
import type { DatabaseStatus } from '../system-state-types.ts';
import { DatabaseFile } from './database-file.ts';
import { anyAlive, counted, Readers } from './readers.ts';
import { HOUSEKEEPING_MS, type PoolOptions } from './start-connection.ts';
import { Writer } from './writer.ts';

export type { PoolLog, PoolOptions } from './start-connection.ts';

/**
 * Time limit for emptying the log, including the wait for the writer. After it the process is killed, and what it
 * copied is copied again later. A log of 64 MB takes a second. The log of an index over 20 million jobs is as large as
 * the index.
 */
const EMPTY_LOG_LIMIT_MS = 300_000;
/** The minimum time limit for the checkpoint of an orderly stop. */
const LAST_CHECKPOINT_MS = 2_000;

/**
 * The Database port over connection processes, one libSQL connection per process. The parent never opens the file.
 * Throws StartupError if the file cannot be served.
 */
export async function openLocalDatabase(options: PoolOptions): Promise<Database> {
  const pool = new LocalDatabase(options);
  try {
    await pool.open();
    return pool;
  } catch (error) {
    await pool.close(0);
    throw error;
  }
}

class LocalDatabase implements Database {
  readonly #counters: Counters = newCounters();
  readonly #readers: Readers;
  readonly #writer: Writer;
  readonly #housekeepingTimer: NodeJS.Timeout;
  readonly #stopWatching: () => void;
  readonly #file: DatabaseFile;

  constructor(options: PoolOptions) {
    const { replacementPermit = new ReplacementPermit() } = options;
    const emptyLog = () => within(EMPTY_LOG_LIMIT_MS, (deadline) => this.maintain('emptyLog', deadline));
    this.#file = new DatabaseFile({ path: options.path, log: options.log, emptyLog });
    this.#writer = new Writer(options, this.#counters, replacementPermit);
    this.#readers = new Readers(options, this.#counters, replacementPermit);
    this.#housekeepingTimer = setInterval(() => this.#housekeeping(), HOUSEKEEPING_MS);
    this.#stopWatching = watchMemory(() => this.#processes(), this.#counters);
  }

  async open(): Promise<void> {
    await this.#writer.open(); // first, because it makes the file a WAL database
    await this.#readers.open();
  }

  async read<Row>(statement: Statement<Row>, deadline: Deadline): Promise<Row[]> {
    this.#file.check();
    return await this.#readers.read(statement, deadline).catch(this.#met);
  }

  async readPage<More>(statement: PageStatement<More>, deadline: Deadline): Promise<Page<More>> {
    this.#file.check();
    return await this.#readers.readPage(statement, deadline).catch(this.#met);
  }

  async write<Name extends WriteName>(
    name: Name,
    input: WriteInput<Name>,
    deadline: Deadline,
  ): Promise<WriteOutput<Name>> {
    this.#file.checkWrite();
    try {
      const output = await this.#writer.write(name, input, deadline);
      this.#file.wrote();
      return output;
    } catch (error) {
      this.#file.wrote(error);
      return this.#met(counted(error, this.#counters));
    }
  }

  async maintain(task: Maintenance, deadline: Deadline): Promise<Record<string, number>> {
    return await this.#writer.maintain(task, deadline);
  }

  idleReaders(): number {
    return this.#readers.spare;
  }

  status(): DatabaseStatus {
    return {
      alive: this.#file.lost === undefined && anyAlive(this.#processes()),
      notAliveBecause: this.#file.lost,
      degraded: this.#file.degraded,
      queued: this.#readers.queued + this.#writer.queued,
      logBytes: this.#file.logBytes,
      processes: [...this.#processes()].map((process) => process.status()),
      counters: { ...this.#counters },
    };
  }

  async close(graceMs: number): Promise<void> {
    clearInterval(this.#housekeepingTimer);
    await this.#readers.close(graceMs);
    // All readers have ended. After this checkpoint the file alone is the database and can be copied.
    if (graceMs > 0 && !this.#file.replaced) {
      await within(Math.max(LAST_CHECKPOINT_MS, graceMs), (deadline) => this.maintain('checkpoint', deadline)).catch(
        () => {},
      );
    }
    await this.#writer.close(graceMs);
    this.#stopWatching();
  }

  readonly #met = (error: unknown): never => {
    throw this.#file.met(error);
  };

  *#processes(): Iterable<AnyProcess> {
    yield* this.#writer.members;
    yield* this.#readers.members;
  }

  #housekeeping(): void {
    this.#writer.housekeeping(); // first, because readers may ask for the permit all the time
    this.#readers.housekeeping();
    this.#file.look(serving(this.#processes()));
  }
}

/** The pids of the processes that have the file open. */
function serving(processes: Iterable<AnyProcess>): number[] {
  return [...processes].filter(({ state }) => state.name === 'idle' || state.name === 'busy').map(({ pid }) => pid);
}

const TMPFS = 0x01021994; // linux/magic.h
const RAMFS = 0x858458f6;

/** True if a folder is on a memory file system. A sort that spills there takes memory that no limit counts. */
export function isInMemory(folder: string): boolean {
  const { type } = statfsSync(folder);
  return type === TMPFS || type === RAMFS;
}
