import { setTimeout as sleep } from 'node:timers/promises';
import { BadStart } from '../bad-start.ts';
import type { Deadline } from '../db/deadline.ts';
import type { ProcessStatus } from '../db/port.ts';
import type { ColumnQuestion } from '../db/question.ts';
import { Fault } from '../faults.ts';
import { type Counters, newCounters } from '../pool/counters.ts';
import { watchMemory } from '../pool/memory-watch.ts';
import { DatabaseProcess } from '../pool/process.ts';
import { COLUMNS_PROGRAM } from '../pool/spawn.ts';
import { rowsOf } from './answer-json.ts';
import { type Ask, Asks, type ColumnAnswer, settle } from './asks.ts';
import type { IndexFileOptions } from './index-file.ts';
import { type ColumnState, mayBecome } from './state.ts';

export interface ColumnIndexOptions extends IndexFileOptions {
  /** The libSQL file. */
  readonly databasePath: string;
  readonly queueLimit: number;
  /** Questions of one caller while others wait; without it as many as there is room for. */
  readonly callerLimit?: number | undefined;
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
  /** Another program for the process: tests bring their misbehaving ones. */
  readonly program?: string;
}

export interface ColumnStatus {
  state: ColumnState['name'];
  reason?: string;
  rows?: number;
  queued: number;
  answers: number;
  /** Questions that the SQL had to answer although the index was ready. */
  declined: number;
  builds: number;
  counters: Readonly<Counters>;
}

/** Of the process beyond DuckDB's memory_limit, which does not bound its RSS: with 350 a build of 300,000 jobs took 341 MB in all. */
export const BESIDE_LIMIT_MB = 250;
const RESTING_MB = 100;
/** MB of V8's heap; jobs on their way are bytes outside of it. */
const HEAP_MB = 96;
const TEND_MS = 250;
/** Between two starts; doubles with each that fails. */
const RESTART_MS = 500;
/** Failures in a row, and builds in a row without an answer between them, after which it is left to the SQL. */
const MOST_FAILURES = 4;

/**
 * The column index of a libSQL file, in a process of its own. It builds itself in the background and serves once it is ready; whatever
 * goes wrong with it, the SQL answers. Two processes at once would want the same file, so it has no spare: a new one is started when the
 * old one has gone.
 */
export class ColumnIndex {
  readonly #options: ColumnIndexOptions;
  readonly #counters = newCounters();
  readonly #asks: Asks;
  readonly #tending: NodeJS.Timeout;
  readonly #stopWatching: () => void;
  #state: ColumnState = { name: 'building', rows: 0 };
  #process: DatabaseProcess;
  #running: Ask | undefined;
  #closing = false;
  /** The next process deletes the file unseen. */
  #diesOfItsFile = false;
  #failures = 0;
  #answers = 0;
  #declined = 0;
  #builds = 0;

  constructor(options: ColumnIndexOptions) {
    this.#options = options;
    this.#asks = new Asks(options);
    this.#process = this.#start(false);
    this.#tending = setInterval(() => this.#tend(), TEND_MS);
    this.#stopWatching = watchMemory(() => [this.#process], this.#counters);
  }

  get state(): ColumnState {
    return this.#state;
  }

  /**
   * The rows that answer a question, as of now or later; undefined where the SQL has to. Rejects with the reason of the deadline's
   * signal, within 250 ms of which the question has stopped or its process is killed, and with queue_full: what waits for the index
   * would make the readers slow for all, as SQL.
   */
  async ask(question: ColumnQuestion, deadline: Deadline): Promise<ColumnAnswer> {
    if (deadline.signal.aborted) throw deadline.signal.reason;
    if (this.#state.name !== 'ready') return undefined;
    const answer = this.#asks.add(question, deadline, (ask, reason) => {
      if (this.#running === ask) this.#process.abandon(reason);
    });
    this.#serve();
    return await answer;
  }

  status(): ColumnStatus {
    const { name, ...more } = this.#state;
    return {
      state: name,
      ...more,
      queued: this.#asks.length,
      answers: this.#answers,
      declined: this.#declined,
      builds: this.#builds,
      counters: { ...this.#counters },
    };
  }

  processes(): ProcessStatus[] {
    return this.#process.state.name === 'gone' ? [] : [this.#process.status()];
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#tending);
    this.#asks.clear();
    this.#process.stop();
    await this.#process.gone;
    this.#stopWatching();
  }

  #become(next: ColumnState): void {
    if (!mayBecome(this.#state, next)) {
      throw new Fault('internal', `a column index cannot go from ${this.#state.name} to ${next.name}`);
    }
    const changes = this.#state.name !== next.name;
    this.#state = next;
    if (next.name !== 'ready') this.#asks.clear();
    if (!changes || this.#closing) return;
    if (next.name === 'ready') this.#options.log.info({ rows: next.rows }, 'the column index is ready');
    if ('reason' in next) this.#options.log.warn({ reason: next.reason }, `the column index is ${next.name}`);
  }

  #start(fresh: boolean): DatabaseProcess {
    const { databasePath, path, memoryMb, tempDir, spillMb, log, program = COLUMNS_PROGRAM } = this.#options;
    const process = new DatabaseProcess({
      role: 'columns',
      growthMb: memoryMb + BESIDE_LIMIT_MB - RESTING_MB,
      counters: this.#counters,
      log: (fields, message) => log.warn(fields, message),
      onState: (changed) => {
        if (changed.state.name === 'idle') setImmediate(() => this.#serve());
      },
      onProgress: (rows) => {
        if (this.#state.name === 'building') this.#become({ name: 'building', rows });
      },
      program: { file: program, heapMb: HEAP_MB, env: {} },
      open: { kind: 'openColumns', id: 0, options: { databasePath, path, memoryMb, tempDir, spillMb, fresh } },
    });
    process.ready.then(
      () => this.#build(),
      (error: unknown) => {
        // Refused: another service may have the file. Died: the file may be what it died of.
        this.#diesOfItsFile = !(error instanceof BadStart);
        this.#failed(error instanceof Error ? error.message : String(error));
      },
    );
    void process.gone.then(() => this.#restart());
    return process;
  }

  /** Fills the index, or finds that it is one already. */
  async #build(): Promise<void> {
    if (this.#closing) return;
    const process = this.#process;
    try {
      this.#builds += 1;
      const reply = await process.run({ kind: 'buildColumns' });
      if (reply.kind === 'built') this.#become({ name: 'ready', rows: reply.rows });
      else if (reply.kind === 'declined') this.#leave(reply.why, reply.reason);
    } catch (error) {
      // One that died is started again; another failure is that of this build.
      if (process.state.name !== 'gone') this.#failed(error instanceof Error ? error.message : String(error));
    }
    setImmediate(() => this.#serve());
  }

  /** Gives the next question to the process, if it is free. */
  #serve(): void {
    if (this.#process.worn) return; // it is about to be followed by another
    if (this.#state.name === 'stale' && this.#process.state.name === 'idle' && !this.#closing) {
      this.#become({ name: 'building', rows: 0 });
      void this.#build();
      return;
    }
    if (this.#state.name !== 'ready' || this.#process.state.name !== 'idle') return;
    const ask = this.#asks.next();
    if (ask === undefined) return;
    this.#running = ask;
    void this.#run(ask).then((answer) => {
      this.#running = undefined;
      settle(ask, answer);
      this.#serve();
    });
  }

  async #run({ question, waiting }: Ask): Promise<ColumnAnswer> {
    try {
      const reply = await this.#process.run({ kind: 'askColumns', question });
      if (reply.kind === 'declined') {
        this.#declined += 1;
        this.#leave(reply.why, reply.reason);
        return undefined;
      }
      if (reply.kind !== 'answer') throw new Fault('internal', `the column index answered ${reply.kind}`);
      this.#answers += 1;
      this.#failures = 0;
      return rowsOf(new TextDecoder().decode(reply.json));
    } catch (error) {
      if (waiting.size === 0) return undefined; // stopped, for nobody waits
      this.#declined += 1;
      this.#options.log.warn({ err: error }, 'the column index did not answer: the SQL does');
      return undefined;
    }
  }

  #leave(why: 'stale' | 'unsuitable', reason: string): void {
    if (why === 'unsuitable') this.#become({ name: 'unsuitable', reason });
    else this.#failed(reason);
  }

  /** It has to be built again, unless that has been in vain too often. */
  #failed(reason: string): void {
    if (this.#closing || this.#state.name === 'off' || this.#state.name === 'unsuitable') return;
    this.#failures += 1;
    this.#become({ name: this.#failures > MOST_FAILURES ? 'off' : 'stale', reason });
  }

  /** The process has ended: by itself, by the memory watch, or because a question could not be interrupted. */
  async #restart(): Promise<void> {
    if (this.#closing) return;
    if (this.#state.name === 'building') this.#diesOfItsFile = true;
    if (this.#state.name === 'ready' || this.#state.name === 'building') this.#failed('its process has ended');
    if (this.#state.name !== 'stale') return;
    await sleep(RESTART_MS * 2 ** Math.max(0, this.#failures - 1), undefined, { ref: false });
    if (this.#closing || this.#state.name !== 'stale') return;
    this.#become({ name: 'building', rows: 0 });
    this.#process = this.#start(this.#diesOfItsFile);
    this.#diesOfItsFile = false;
  }

  #tend(): void {
    const { state } = this.#process;
    if (state.name === 'gone') return;
    this.#process.ping();
    if (state.name !== 'idle') return;
    // In these states there is nothing to wait for, and its memory is better used elsewhere.
    const isIdleForGood = this.#state.name === 'off' || this.#state.name === 'unsuitable';
    if (this.#process.worn || isIdleForGood) this.#process.stop();
  }
}
