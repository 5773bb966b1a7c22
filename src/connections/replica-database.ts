import type { Database, Page } from '../db/port.ts';
import type { PageStatement, Statement } from '../db/statement.ts';
import type { WriteInput, WriteName, WriteOutput } from '../db/writes/all-writes.ts';
import type { Deadline } from '../deadline.ts';
import { Fault } from '../faults.ts';
import { type Counters, newCounters } from '../processes/counters.ts';
import { watchMemory } from '../processes/memory-watch.ts';
import { ReplacementPermit } from '../processes/replacement-permit.ts';
import type { DatabaseStatus } from '../system-state-types.ts';
import { anyAlive, Readers } from './readers.ts';
import { HOUSEKEEPING_MS, type PoolOptions } from './start-connection.ts';
import { Syncer } from './syncer.ts';

export interface ReplicaDatabaseOptions extends PoolOptions {
  syncUrl: string;
  authToken: string | undefined;
  intervalMs: number;
  /** Milliseconds; the default is MOST_LAG_MS. */
  mostLagMs?: number;
  /** Milliseconds that a write waits until the replica contains it. The default is OWN_WRITE_LIMIT_MS. */
  ownWriteLimitMs?: number;
  /** The port over the server itself, for writes. */
  server: Database;
}

/** Reads fail if the last successful sync began longer ago than this: the replica may lack any number of changes. */
const MOST_LAG_MS = 10_000;
/** How long a write waits until the replica contains it. The write is committed in any case. */
const OWN_WRITE_LIMIT_MS = 1_000;

/**
 * The port over a replica of a libSQL server. Reads use the local file through connection processes that cannot write
 * to it. Writes go to the server and are answered when the file contains them. One more process brings the file up to
 * date. Throws StartupError.
 */
export async function openReplicaDatabase(options: ReplicaDatabaseOptions): Promise<Database> {
  const { path, syncUrl, authToken, intervalMs, settings, growthMb, log } = options;
  const counters = newCounters();
  const syncer = new Syncer({
    replica: { path, syncUrl, authToken, settings },
    intervalMs,
    growthMb,
    counters,
    log,
  });
  const replica = new Replica(options, syncer, counters);
  try {
    await syncer.open(); // first, because the file may contain anything before the first sync
    await replica.open();
    return replica;
  } catch (error) {
    await replica.close(0);
    throw error;
  }
}

class Replica implements Database {
  readonly #counters: Counters;
  readonly #readers: Readers;
  readonly #syncer: Syncer;
  readonly #server: Database;
  readonly #log: PoolOptions['log'];
  readonly #mostLagMs: number;
  readonly #ownWriteLimitMs: number;
  readonly #housekeepingTimer: NodeJS.Timeout;
  readonly #stopWatching: () => void;

  constructor(options: ReplicaDatabaseOptions, syncer: Syncer, counters: Counters) {
    this.#counters = counters;
    this.#readers = new Readers(
      { ...options, isReplica: true },
      counters,
      options.replacementPermit ?? new ReplacementPermit(),
    );
    this.#syncer = syncer;
    this.#server = options.server;
    this.#log = options.log;
    this.#mostLagMs = options.mostLagMs ?? MOST_LAG_MS;
    this.#ownWriteLimitMs = options.ownWriteLimitMs ?? OWN_WRITE_LIMIT_MS;
    this.#housekeepingTimer = setInterval(() => this.#readers.housekeeping(), HOUSEKEEPING_MS);
    // Does not watch the syncer. A whole copy takes three times its size for a moment (docs/scaling.md), and if the
    // syncer were stopped, it would only start again.
    this.#stopWatching = watchMemory(() => this.#readers.members, counters);
  }

  async open(): Promise<void> {
    await this.#readers.open();
  }

  async read<Row>(statement: Statement<Row>, deadline: Deadline): Promise<Row[]> {
    this.#checkLag();
    const rows = await this.#readers.read(statement, deadline);
    this.#checkLag(); // the read may have waited for a process
    return rows;
  }

  async readPage<More>(statement: PageStatement<More>, deadline: Deadline): Promise<Page<More>> {
    this.#checkLag();
    const page = await this.#readers.readPage(statement, deadline);
    this.#checkLag();
    return page;
  }

  async write<Name extends WriteName>(
    name: Name,
    input: WriteInput<Name>,
    deadline: Deadline,
  ): Promise<WriteOutput<Name>> {
    const output = await this.#server.write(name, input, deadline);
    await this.#syncer
      .fresh(this.#ownWriteLimitMs)
      .catch((error: unknown) =>
        this.#log.warn({ err: error, write: name }, 'a write has not reached the replica yet'),
      );
    return output;
  }

  async maintain(): Promise<Record<string, number>> {
    return {}; // the server maintains its file, and only the syncer changes the replica
  }

  idleReaders(): number {
    return this.#readers.spare;
  }

  status(): DatabaseStatus {
    const server = this.#server.status();
    const sync = this.#syncer.status();
    return {
      alive: anyAlive(this.#readers.members) && this.#tooOld() === undefined,
      notAliveBecause: this.#tooOld(),
      degraded: server.degraded ?? [],
      queued: this.#readers.queued + server.queued,
      processes: [...this.#syncer.members, ...this.#readers.members].map((member) => member.status()),
      counters: { ...this.#counters },
      replica: { ...sync, server: { alive: server.alive, counters: server.counters, ...server.server } },
    };
  }

  async close(graceMs: number): Promise<void> {
    clearInterval(this.#housekeepingTimer);
    await Promise.all([this.#readers.close(graceMs), this.#server.close(graceMs)]);
    await this.#syncer.close();
    this.#stopWatching();
  }

  #checkLag(): void {
    const tooOld = this.#tooOld();
    if (tooOld !== undefined) throw new Fault('remote_unavailable', tooOld);
  }

  /** Why nothing is read. Why the syncer fails is in the log and in /api/system only, because it may contain paths. */
  #tooOld(): string | undefined {
    const { lagMs } = this.#syncer.status();
    return lagMs <= this.#mostLagMs ? undefined : `the replica is ${Math.round(lagMs / 1000)} s behind its server`;
  }
}
