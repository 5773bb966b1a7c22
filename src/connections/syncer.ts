import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { logBytesOf } from '../db/driver/wal-bytes.ts';
import type { ReplicaOptions } from '../db/replica/open-replica.ts';
import { Fault } from '../faults.ts';
import { Backoff, RESTART_PAUSES_MS } from '../processes/backoff.ts';
import type { Counters } from '../processes/counters.ts';
import { ManagedProcess } from '../processes/managed-process.ts';
import { StartupError } from '../startup-error.ts';
import type { SyncStatus } from '../system-state-types.ts';
import type { SyncerProtocol } from './connection-protocol.ts';

export interface SyncerOptions {
  replica: ReplicaOptions;
  /** Milliseconds between two syncs. */
  intervalMs: number;
  growthMb: number;
  counters: Counters;
  log: { warn(fields: object, message: string): void };
}

const PROGRAM = join(import.meta.dirname, 'syncer-program.ts');
/** Size of V8's heap in MB. The data that a sync fetches is outside of it. */
const HEAP_MB = 32;
/**
 * A sync has no timeout of its own if the server hangs. It is ended after this many checks, one per second, in which
 * its process neither changed its memory nor wrote. It may take long: the first sync copies the whole database at 30 to
 * 50 MB/s, and so does one after the server has lost its log (it was killed). Checks are counted instead of seconds,
 * because after a stall of the parent the answer may still be unread.
 */
const SILENT_LOOKS = 30;
const LOOK_MS = 1_000;
/** The pauses after failed syncs. A server that compacts is ready soon. */
const RETRY_MS = 50;
/** MB that the process may keep above its resting level. It is stopped above this, as only its end returns memory. */
const KEPT_LIMIT_MB = 64;

/**
 * The one process that brings a replica up to date. It has no spare, because two syncs at once would corrupt the file.
 * A new process starts when the old one has ended.
 */
export class Syncer {
  readonly #options: SyncerOptions;
  #process: ManagedProcess<SyncerProtocol> | undefined;
  #closing = false;
  /** The running sync and the next one. All callers that wait share them. */
  #running: Promise<void> | undefined;
  #queued: Promise<void> | undefined;
  #syncedAt = Number.NEGATIVE_INFINITY;
  #frame: number | undefined;
  #syncs = 0;
  #failures = 0;
  /** Failures since the last success. */
  readonly #retries = new Backoff([RETRY_MS, Number.POSITIVE_INFINITY]);
  readonly #restarts = new Backoff(RESTART_PAUSES_MS);
  #failing: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: SyncerOptions) {
    this.#options = options;
  }

  /** Brings the replica up to date for the first time. Throws StartupError, or the Fault of the sync. */
  async open(): Promise<void> {
    this.#process = this.#start();
    await this.#process.ready;
    await this.#sync();
    this.#timer = setInterval(() => this.#tick(), this.#options.intervalMs);
  }

  /** Resolves when a sync that began after this call succeeds. Rejects with a Fault after `limitMs` without one. */
  async fresh(limitMs: number): Promise<void> {
    const until = performance.now() + limitMs;
    for (;;) {
      const late = Promise.withResolvers<never>();
      const timer = setTimeout(
        () => late.reject(new Fault('remote_unavailable', `no sync has finished within ${limitMs} ms`)),
        until - performance.now(),
      );
      try {
        return await Promise.race([this.#next(), late.promise]);
      } catch (error) {
        // Either the process has just ended and another one is starting, or the server is not ready.
        const mayPass =
          error instanceof Fault && (error.code === 'connection_lost' || error.code === 'remote_unavailable');
        if (!mayPass || this.#closing || performance.now() + RETRY_MS >= until) throw error;
        await sleep(RETRY_MS);
      } finally {
        clearTimeout(timer);
      }
    }
  }

  /** The next sync to begin. All callers that wait for it share it. */
  #next(): Promise<void> {
    if (this.#running === undefined) return this.#begin();
    this.#queued ??= this.#running
      .catch(() => {})
      .then(() => {
        this.#queued = undefined;
        return this.#begin();
      });
    return this.#queued;
  }

  get members(): readonly ManagedProcess<SyncerProtocol>[] {
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
    clearTimeout(this.#retry);
    this.#process?.stop();
    await this.#process?.gone;
  }

  #tick(): void {
    this.#process?.ping();
    const member = this.#process;
    if (member?.state.name === 'idle' && member.rssMb > member.restingMb + KEPT_LIMIT_MB) {
      member.stop(); // only its end returns the memory
      return;
    }
    if (member?.state.name !== 'idle') return; // it is syncing or starting
    if (this.#running === undefined) this.#begin().catch(() => {}); // its status shows the error
  }

  #begin(): Promise<void> {
    this.#running = this.#sync().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #sync(): Promise<void> {
    const beganAt = performance.now();
    try {
      const process = this.#process;
      if (process?.state.name !== 'idle') throw new Fault('connection_lost', 'the replica is not being synchronized');
      const stopWatching = this.#watch(process);
      const { frame } = await process.run('sync', null).finally(stopWatching);
      if (frame === undefined && this.#frame !== undefined) {
        throw new Fault('remote_unavailable', 'the libSQL server of DB_SYNC_URL has lost its data');
      }
      this.#frame = frame;
      this.#syncedAt = beganAt;
      this.#syncs += 1;
      this.#retries.succeeded();
      this.#failing = undefined;
    } catch (error) {
      this.#failures += 1;
      const why = error instanceof Error ? error.message : String(error);
      if (this.#failing !== why) this.#options.log.warn({ err: error }, 'the replica could not be synchronized');
      this.#failing = why;
      this.#retrySoon();
      throw error;
    }
  }

  #retrySoon(): void {
    const waitMs = this.#retries.failed();
    clearTimeout(this.#retry);
    if (this.#closing || this.#timer === undefined || waitMs >= this.#options.intervalMs) return; // the tick is sooner
    this.#retry = setTimeout(() => this.#tick(), waitMs);
  }

  /** Ends a sync that makes no progress. */
  #watch(process: ManagedProcess<SyncerProtocol>): () => void {
    const logBytes = () => logBytesOf(this.#options.replica.path);
    let seen = { rssMb: process.rssMb, bytes: logBytes() };
    let silent = 0;
    const timer = setInterval(() => {
      const now = { rssMb: process.rssMb, bytes: logBytes() };
      const hasMoved = Math.abs(now.rssMb - seen.rssMb) > 1 || now.bytes !== seen.bytes;
      silent = hasMoved ? 0 : silent + 1;
      seen = now;
      if (silent >= SILENT_LOOKS)
        process.abandon(new Fault('remote_unavailable', 'the libSQL server of DB_SYNC_URL does not respond'));
    }, LOOK_MS);
    return () => clearInterval(timer);
  }

  #start(): ManagedProcess<SyncerProtocol> {
    const { replica, growthMb, counters, log } = this.#options;
    const process = new ManagedProcess<SyncerProtocol>({
      role: 'syncer',
      growthMb,
      counters,
      log: (fields, message) => log.warn(fields, message),
      onState: () => {},
      program: { file: PROGRAM, heapMb: HEAP_MB, env: {} },
      open: replica,
    });
    void process.gone.then(() => this.#restart(process));
    return process;
  }

  /** Starts a successor for a process that has ended. If the first one ends, the start of the service fails instead. */
  async #restart(gone: ManagedProcess<SyncerProtocol>): Promise<void> {
    if (this.#closing || this.#timer === undefined) return;
    await gone.ready.then(
      () => this.#restarts.succeeded(),
      async (error: unknown) => {
        if (error instanceof StartupError) this.#failing = error.message;
        await sleep(this.#restarts.failed());
      },
    );
    if (!this.#closing) this.#process = this.#start();
  }
}
