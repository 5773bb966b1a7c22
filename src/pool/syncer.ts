import { setTimeout as sleep } from 'node:timers/promises';
import { BadStart } from '../bad-start.ts';
import type { ReplicaOptions } from '../db/replica/open.ts';
import { Fault } from '../faults.ts';
import type { Counters } from './counters.ts';
import { DatabaseProcess } from './process.ts';
import { SYNCER_PROGRAM } from './spawn.ts';

export interface SyncerOptions {
  replica: ReplicaOptions;
  /** Between two syncs. */
  intervalMs: number;
  growthMb: number;
  counters: Counters;
  log: { warn(fields: object, message: string): void };
}

/** How far the replica is, for people and for those who read from it. */
export interface SyncStatus {
  /** Milliseconds since the last sync that succeeded began: what was written before is there. */
  lagMs: number;
  /** The newest frame of the server's log that the file has. */
  frame: number | undefined;
  intervalMs: number;
  syncs: number;
  failures: number;
  /** Why the last sync failed; undefined when it did not. */
  failing: string | undefined;
}

/** MB of V8's heap; what is fetched is outside of it. */
const HEAP_MB = 32;
/** A whole database comes with the first one: 30 to 50 MB/s. */
const FIRST_SYNC_LIMIT_MS = 30 * 60_000;
/** Later ones take milliseconds, or as long as the first when the server has lost its log (it was killed). */
const SILENT_SYNC_MS = 60_000;
/** Between two tries to start the process. */
const RESTART_MS = 500;
/** A sync leaves nothing behind; what it keeps above its rest the process gives back by ending. */
const KEPT_LIMIT_MB = 64;

/**
 * The one process that brings a replica up to date. It has no spare: two at once would corrupt the file, so a new one is started when
 * the old one has gone.
 */
export class Syncer {
  readonly #options: SyncerOptions;
  #process: DatabaseProcess | undefined;
  #closing = false;
  /** The sync that runs, and the one that begins behind it: both serve all who wait. */
  #running: Promise<void> | undefined;
  #queued: Promise<void> | undefined;
  #syncedAt = Number.NEGATIVE_INFINITY;
  #frame: number | undefined;
  #syncs = 0;
  #failures = 0;
  #failing: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SyncerOptions) {
    this.#options = options;
  }

  /** Brings the replica up to date for the first time. Throws BadStart, or the Fault of the sync. */
  async open(): Promise<void> {
    this.#process = this.#start();
    await this.#process.ready;
    await this.#sync(FIRST_SYNC_LIMIT_MS);
    this.#timer = setInterval(() => this.#tick(), this.#options.intervalMs);
  }

  /** Resolves when a sync that began after this call has succeeded. Rejects with its Fault. */
  fresh(): Promise<void> {
    if (this.#running === undefined) return this.#begin();
    this.#queued ??= this.#running
      .catch(() => {})
      .then(() => {
        this.#queued = undefined;
        return this.#begin();
      });
    return this.#queued;
  }

  get members(): readonly DatabaseProcess[] {
    return this.#process === undefined ? [] : [this.#process];
  }

  status(): SyncStatus {
    return {
      lagMs: Math.round(performance.now() - this.#syncedAt),
      frame: this.#frame,
      intervalMs: this.#options.intervalMs,
      syncs: this.#syncs,
      failures: this.#failures,
      failing: this.#failing,
    };
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#timer);
    this.#process?.stop();
    await this.#process?.gone;
  }

  #tick(): void {
    this.#process?.ping();
    const member = this.#process;
    if (member?.state.name === 'idle' && member.rssMb > member.restingMb + KEPT_LIMIT_MB) member.stop();
    if (this.#running === undefined) this.#begin().catch(() => {}); // its status says so
  }

  #begin(): Promise<void> {
    this.#running = this.#sync(SILENT_SYNC_MS).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #sync(limitMs: number): Promise<void> {
    const beganAt = performance.now();
    try {
      const process = this.#process;
      if (process?.state.name !== 'idle')
        throw new Fault('connection_lost', 'the replica is not being brought up to date');
      const late = new Fault('remote_unavailable', 'the libSQL server of DB_SYNC_URL does not answer');
      const limit = setTimeout(() => process.abandon(late), limitMs);
      const reply = await process.run({ kind: 'sync' }).finally(() => clearTimeout(limit));
      if (reply.kind !== 'synced') throw new Fault('internal', `the syncer answered ${reply.kind}`);
      if (reply.frame === undefined && this.#frame !== undefined) {
        throw new Fault('remote_unavailable', 'the libSQL server of DB_SYNC_URL has lost its data');
      }
      this.#frame = reply.frame;
      this.#syncedAt = beganAt;
      this.#syncs += 1;
      this.#failing = undefined;
    } catch (error) {
      this.#failures += 1;
      const why = error instanceof Error ? error.message : String(error);
      if (this.#failing !== why) this.#options.log.warn({ err: error }, 'the replica could not be brought up to date');
      this.#failing = why;
      throw error;
    }
  }

  #start(): DatabaseProcess {
    const { replica, growthMb, counters, log } = this.#options;
    const process = new DatabaseProcess({
      role: 'syncer',
      growthMb,
      counters,
      log: (fields, message) => log.warn(fields, message),
      onState: () => {},
      program: { file: SYNCER_PROGRAM, heapMb: HEAP_MB, env: {} },
      open: { kind: 'openReplica', id: 0, options: replica },
    });
    void process.gone.then(() => this.#restart(process));
    return process;
  }

  /** One that ended by itself, or was ended, is followed by another; of the first it is the start of the service that fails. */
  async #restart(gone: DatabaseProcess): Promise<void> {
    if (this.#closing || this.#timer === undefined) return;
    await gone.ready.catch(async (error: unknown) => {
      if (error instanceof BadStart) this.#failing = error.message;
      await sleep(RESTART_MS);
    });
    if (!this.#closing) this.#process = this.#start();
  }
}
