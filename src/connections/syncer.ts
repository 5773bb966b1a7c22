import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { logBytesOf } from '../db/driver/log-bytes.ts';
import type { ReplicaOptions } from '../db/replica/open-replica.ts';
import { Fault } from '../faults.ts';
import type { Counters } from '../processes/counters.ts';
import { ManagedProcess } from '../processes/managed-process.ts';
import { StartupError } from '../startup-error.ts';
import type { SyncStatus } from '../system-state.ts';
import type { SyncerProtocol } from './connection-protocol.ts';

export interface SyncerOptions {
  replica: ReplicaOptions;
  /** Between two syncs. */
  intervalMs: number;
  growthMb: number;
  counters: Counters;
  log: { warn(fields: object, message: string): void };
}

const PROGRAM = join(import.meta.dirname, 'syncer-program.ts');
/** MB of V8's heap; what is fetched is outside of it. */
const HEAP_MB = 32;
/**
 * A sync may take long: a whole database comes with the first one, and again when the server has lost its log (it was killed), at 30 to
 * 50 MB/s. One that neither takes memory nor writes during so many looks, one a second, is given up: a sync has no end of its own when
 * the server hangs. Looks, not seconds: after a stall of our own its answer may wait to be read.
 */
const SILENT_LOOKS = 30;
const LOOK_MS = 1_000;
/** From a sync that failed to the next, twice as long with each that fails, at most the interval: a server that compacts is ready soon. */
const RETRY_MS = 50;
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
  #process: ManagedProcess<SyncerProtocol> | undefined;
  #closing = false;
  /** The sync that runs, and the one that begins behind it: both serve all who wait. */
  #running: Promise<void> | undefined;
  #queued: Promise<void> | undefined;
  #syncedAt = Number.NEGATIVE_INFINITY;
  #frame: number | undefined;
  #syncs = 0;
  #failures = 0;
  /** Of these the last ones in a row. */
  #failuresNow = 0;
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

  /** Resolves when a sync that began after this call has succeeded. Rejects with its Fault when none has within `limitMs`. */
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
        // The process has just ended and another one is on its way, or the server is not ready.
        const mayPass =
          error instanceof Fault && (error.code === 'connection_lost' || error.code === 'remote_unavailable');
        if (!mayPass || this.#closing || performance.now() + RETRY_MS >= until) throw error;
        await sleep(RETRY_MS);
      } finally {
        clearTimeout(timer);
      }
    }
  }

  /** The sync that begins next: one serves all who wait for it. */
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
      member.stop(); // nothing else gives memory back
      return;
    }
    if (member?.state.name !== 'idle') return; // it is at work, or on its way
    if (this.#running === undefined) this.#begin().catch(() => {}); // its status says so
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
      this.#failuresNow = 0;
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
    const waitMs = RETRY_MS * 2 ** this.#failuresNow++;
    clearTimeout(this.#retry);
    if (this.#closing || this.#timer === undefined || waitMs >= this.#options.intervalMs) return; // the interval comes first
    this.#retry = setTimeout(() => this.#tick(), waitMs);
  }

  /** Gives up a sync in which nothing moves. */
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

  /** One that ended by itself, or was ended, is followed by another; of the first it is the start of the service that fails. */
  async #restart(gone: ManagedProcess<SyncerProtocol>): Promise<void> {
    if (this.#closing || this.#timer === undefined) return;
    await gone.ready.catch(async (error: unknown) => {
      if (error instanceof StartupError) this.#failing = error.message;
      await sleep(RESTART_MS);
    });
    if (!this.#closing) this.#process = this.#start();
  }
}
