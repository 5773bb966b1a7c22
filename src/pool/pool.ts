import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Deadline } from '../db/deadline.ts';
import { ClientGone, within } from '../db/deadline.ts';
import { textOf } from '../db/driver-values.ts';
import type { Maintenance } from '../db/maintenance.ts';
import type { Database, DatabaseStatus, Page } from '../db/port.ts';
import type { ConnectionOptions } from '../db/pragmas.ts';
import type { PageStatement, Statement } from '../db/statement.ts';
import { utf8Of } from '../db/utf8.ts';
import type { WriteInput, WriteName, WriteOutput } from '../db/writes/index.ts';
import { Fault } from '../faults.ts';
import { type Counters, newCounters } from './counters.ts';
import { Crew } from './crew.ts';
import { watchMemory } from './memory-watch.ts';
import { DatabaseProcess } from './process.ts';
import { runQuery } from './read.ts';
import { ServedFile } from './served-file.ts';
import type { Sizing } from './sizing.ts';
import { SpareSlot } from './spare-slot.ts';
import { CONNECTION_PROGRAM } from './spawn.ts';
import { runMaintenance, runWrite } from './write.ts';

export interface PoolOptions {
  /** The database file, as a path. */
  path: string;
  maxReaders: number;
  queueLimit: number;
  maxIdleMs: number;
  /** Shared with the archive's process; without it the pool has one of its own. */
  spareSlot?: SpareSlot;
  tempDir: string | undefined;
  connection: Sizing['connection'];
  log: PoolLog;
  /** Another program for the processes: tests bring their misbehaving ones. */
  program?: string;
}

export interface PoolLog {
  warn(fields: object, message: string): void;
}

/** Between two rounds of heartbeats, replacements and retirements. */
const TEND_MS = 250;
/** Without any sign of life for this long the database counts as dead. */
const DEAD_AFTER_MS = 1_000;
/** Rows that are taken apart in the parent take ten times their text there: 80,000 groups of statistics, nodes of a cluster. */
const READ_LIMIT_BYTES = 16 * 1024 * 1024;
/** Waiting for the writer included; then it is killed. */
const EMPTY_LOG_LIMIT_MS = 20_000;
/** Of an orderly stop. */
const LAST_CHECKPOINT_MS = 2_000;
/** MB of V8's heap in a connection process: answers are bytes outside of it. */
const HEAP_MB = 64;

/**
 * The Database port over connection processes (design: one libSQL connection = one process). The parent never opens the
 * file. Throws BadStart when the file cannot be served.
 */
export async function openPool(options: PoolOptions): Promise<Database> {
  const pool = new Pool(options);
  try {
    await pool.open();
    return pool;
  } catch (error) {
    await pool.close(0);
    throw error;
  }
}

class Pool implements Database {
  readonly #counters: Counters = newCounters();
  readonly #readers: Crew;
  readonly #writer: Crew;
  readonly #tending: NodeJS.Timeout;
  readonly #stopWatching: () => void;
  readonly #file: ServedFile;

  constructor(options: PoolOptions) {
    const { spareSlot = new SpareSlot() } = options;
    const emptyLog = () => within(EMPTY_LOG_LIMIT_MS, (deadline) => this.maintain('emptyLog', deadline));
    this.#file = new ServedFile({ path: options.path, log: options.log, emptyLog });
    const crew = (role: ConnectionOptions['role'], max: number) =>
      new Crew({
        max,
        queueLimit: options.queueLimit,
        maxIdleMs: options.maxIdleMs,
        spareSlot,
        counters: this.#counters,
        log: (message, error) => options.log.warn({ err: error }, message),
        start: (changed) => startConnection(options, role, this.#counters, changed),
      });
    this.#writer = crew('writer', 1);
    this.#readers = crew('reader', options.maxReaders);
    this.#tending = setInterval(() => this.#tend(), TEND_MS);
    this.#stopWatching = watchMemory(() => this.#processes(), this.#counters);
  }

  async open(): Promise<void> {
    await this.#writer.open(); // first: it makes the file a WAL database
    await this.#readers.open();
  }

  async read<Row>(statement: Statement<Row>, deadline: Deadline): Promise<Row[]> {
    const { json } = await this.#query(statement, deadline);
    if (json.byteLength > READ_LIMIT_BYTES) {
      throw new Fault('memory_limit_exceeded', 'the answer is larger than 16 MB: ask for a page of it');
    }
    const rows: unknown[] = JSON.parse(textOf(json));
    return rows.map((row) => statement.row.parse(row));
  }

  async readPage<More>(statement: PageStatement<More>, deadline: Deadline): Promise<Page<More>> {
    const { json, rows, more } = await this.#query(statement, deadline);
    if (rows === undefined || more === undefined) throw new Fault('internal', `${statement.name} is no page`);
    return { bytes: utf8Of(json), rows, more: statement.more.parse(JSON.parse(textOf(more))) };
  }

  async write<Name extends WriteName>(
    name: Name,
    input: WriteInput<Name>,
    deadline: Deadline,
  ): Promise<WriteOutput<Name>> {
    this.#file.check();
    try {
      return (await runWrite(this.#writer, name, input, deadline)) as WriteOutput<Name>;
    } catch (error) {
      throw this.#counted(error);
    }
  }

  async maintain(task: Maintenance, deadline: Deadline): Promise<Record<string, number>> {
    return await runMaintenance(this.#writer, task, deadline);
  }

  status(): DatabaseStatus {
    return {
      alive: this.#alive(),
      queued: this.#readers.queued + this.#writer.queued,
      processes: [...this.#processes()].map((process) => process.status()),
      counters: { ...this.#counters },
    };
  }

  async close(graceMs: number): Promise<void> {
    clearInterval(this.#tending);
    await this.#readers.close(graceMs);
    // Nobody reads any more: the file alone is the database then, and can be copied.
    if (graceMs > 0 && !this.#file.replaced) {
      await within(LAST_CHECKPOINT_MS, (deadline) => this.maintain('checkpoint', deadline)).catch(() => {});
    }
    await this.#writer.close(graceMs);
    this.#stopWatching();
  }

  async #query(statement: Statement<unknown> | PageStatement<unknown>, deadline: Deadline) {
    this.#file.check();
    deadline.resume(); // after a write of the same request
    try {
      const { sql, parameters } = statement;
      return await runQuery(this.#readers, { sql, parameters }, deadline, this.#counters);
    } catch (error) {
      throw this.#counted(error);
    }
  }

  *#processes(): Iterable<DatabaseProcess> {
    yield* this.#writer.members;
    yield* this.#readers.members;
  }

  #tend(): void {
    this.#writer.tend(); // first: it asks for the spare's place once in a while, readers may all the time
    this.#readers.tend();
    this.#file.look();
  }

  #alive(): boolean {
    if (this.#file.replaced) return false;
    const now = performance.now();
    return [...this.#processes()].some(
      ({ heardAt, state }) => state.name !== 'starting' && now - heardAt < DEAD_AFTER_MS,
    );
  }

  #counted(error: unknown): unknown {
    if (error instanceof ClientGone) this.#counters.hangUps += 1;
    if (error instanceof Fault && error.code === 'deadline_exceeded') this.#counters.timeouts += 1;
    return error;
  }
}

function startConnection(
  options: PoolOptions,
  role: ConnectionOptions['role'],
  counters: Counters,
  onState: (process: DatabaseProcess) => void,
): DatabaseProcess {
  const { cacheMb, softHeapMb, hardHeapMb, growthMb } = options.connection;
  return new DatabaseProcess({
    role,
    growthMb,
    counters,
    log: (fields, message) => options.log.warn(fields, message),
    onState,
    program: {
      file: options.program ?? CONNECTION_PROGRAM,
      heapMb: HEAP_MB,
      env: { SQLITE_TMPDIR: options.tempDir ?? dirname(options.path) },
    },
    open: {
      kind: 'open',
      id: 0,
      options: {
        path: options.path,
        role,
        cacheKib: cacheMb * 1024,
        softHeapLimitBytes: softHeapMb * 2 ** 20,
        hardHeapLimitBytes: hardHeapMb * 2 ** 20,
      },
    },
  });
}

const TMPFS = 0x01021994; // linux/magic.h
const RAMFS = 0x858458f6;

/** True where a folder lies on a memory file system: a sort that spills there takes memory nobody counts. */
export function isInMemory(folder: string): boolean {
  const { type } = statfsSync(folder);
  return type === TMPFS || type === RAMFS;
}
