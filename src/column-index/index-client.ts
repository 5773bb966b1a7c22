import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Deadline } from '../deadline.ts';
import { Fault } from '../faults.ts';
import { newCounters } from '../processes/counters.ts';
import { type AnyProcess, ManagedProcess } from '../processes/managed-process.ts';
import { watchMemory } from '../processes/memory-watch.ts';
import type { Protocol } from '../processes/protocol.ts';
import type { StartedCall } from '../processes/running-calls.ts';
import type { Question } from '../questions/index-question.ts';
import { hasManyPatterns } from '../questions/where/duckdb.ts';
import type { ColumnIndexStatus, ProcessStatus } from '../system-state-types.ts';
import { rowsOf } from './answer-json.ts';
import type { IndexFileOptions } from './duckdb-file.ts';
import type { Declined } from './index-errors.ts';
import type { BuildProtocol, IndexProtocol } from './index-protocol.ts';
import { type IndexReport, newsOf, shownReport } from './index-report.ts';
import { type IndexState, mayBecome } from './index-state.ts';
import {
  AFTER_ANSWERING,
  afterBuild,
  afterDeclining,
  afterFailedBuild,
  afterFailing,
  afterNoIndex,
  type Next,
} from './process-to-start-next.ts';
import { Lanes } from './question-lanes.ts';
import { type IndexAnswer, LANES } from './question-queue.ts';
import { RetryPauses } from './retry-backoff.ts';

export interface IndexClientOptions extends IndexFileOptions {
  /** Path of the libSQL file. */
  readonly databasePath: string;
  readonly queueLimit: number;
  /** The most questions that one caller may have queued while other callers wait. */
  readonly callerLimit: number;
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
  /** Replaces the program that answers questions. Tests use programs that misbehave. */
  readonly program?: string;
}

const PROGRAM = join(import.meta.dirname, 'program.ts');
const BUILD_PROGRAM = join(import.meta.dirname, 'build/program.ts');

/** MB beyond memory_limit, which does not bound the RSS: with 350 MB a build of 300,000 jobs took 341 MB in all. */
export const BEYOND_DUCKDB_MB = 250;
const RESTING_MB = 100;
/** MB of V8's heap. */
const HEAP_MB = 96;
/** Chunks of jobs then become garbage in the young generation. With 1 MB, V8 copies each chunk twice. */
const FLAGS = ['--max-semi-space-size=4'];
const HOUSEKEEPING_MS = 250;
/** One for each lane. */
const CALLS_AT_ONCE = LANES.length;

/**
 * The column index of a libSQL file, in a process of its own. Another process builds it in the background at low
 * priority. Only one of the two runs at a time, so they share the memory. The index serves once it is ready. After any
 * failure the SQL answers, and the index is tried again after a pause.
 */
export class IndexClient {
  readonly #options: IndexClientOptions;
  readonly #counters = newCounters();
  readonly #lanes: Lanes;
  readonly #housekeepingTimer: NodeJS.Timeout;
  readonly #stopWatching: () => void;
  readonly #closing = new AbortController();
  readonly #life: Promise<void>;
  #state: IndexState = { name: 'building', rows: 0 };
  /** The current process, which answers or builds. */
  #process: AnyProcess | undefined;
  /** The process that answers. */
  #answering: ManagedProcess<IndexProtocol> | undefined;
  /** Resolved when the answering process cannot answer any more. */
  #left = Promise.withResolvers<Next>();
  readonly #pauses = new RetryPauses();
  #report: IndexReport | undefined;
  #answers = 0;
  #declined = 0;
  #builds = 0;
  #buildsSinceAnswer = 0;

  constructor(options: IndexClientOptions) {
    this.#options = options;
    this.#lanes = new Lanes(options, {
      ready: () => this.#ready(),
      failed: (error) => {
        this.#declined += 1;
        options.log.warn({ err: error }, 'the column index did not answer: the SQL does');
      },
    });
    this.#housekeepingTimer = setInterval(() => this.#housekeeping(), HOUSEKEEPING_MS);
    this.#stopWatching = watchMemory(() => (this.#process === undefined ? [] : [this.#process]), this.#counters);
    this.#life = this.#live();
  }

  get state(): IndexState {
    return this.#state;
  }

  /**
   * Returns the rows that answer a question, as of now or later, or undefined if the SQL must answer. Rejects with the
   * reason of the deadline's signal: the question stops within 250 ms, or its process is killed. Rejects with
   * queue_full, because as SQL the queued questions would slow down the readers for everyone.
   */
  async ask(question: Question, deadline: Deadline): Promise<readonly unknown[] | undefined> {
    if (deadline.signal.aborted) throw deadline.signal.reason;
    if (this.#state.name !== 'ready' || hasManyPatterns(question)) return undefined;
    const answer = await this.#lanes.ask(question, deadline);
    if (answer === undefined) return undefined;
    return question.kind === 'export part' ? [answer] : await rowsOf(answer, deadline);
  }

  status(): ColumnIndexStatus {
    const { name, ...more } = this.#state;
    return {
      state: name,
      ...more,
      ...(name === 'ready' && this.#report !== undefined ? shownReport(this.#report) : {}),
      ...('reason' in more ? { retryInSec: this.#pauses.leftSec } : {}),
      ...this.#lanes.status(),
      answers: this.#answers,
      declined: this.#declined,
      builds: this.#builds,
      counters: { ...this.#counters },
    };
  }

  processes(): ProcessStatus[] {
    return this.#process === undefined || this.#process.state.name === 'gone' ? [] : [this.#process.status()];
  }

  async close(): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#housekeepingTimer);
    this.#lanes.clear();
    this.#process?.stop();
    await this.#life;
    this.#stopWatching();
  }

  /** Runs one process at a time: one that answers from the file, or one that builds the file if it cannot be used. */
  async #live(): Promise<void> {
    const { signal } = this.#closing;
    let next: Next = { run: 'answer' };
    while (!signal.aborted) {
      next = next.run === 'answer' ? await this.#answerFromFile(next.fresh) : await this.#build();
      if (signal.aborted) return;
      if (next.failure === undefined) continue;
      this.#become(next.failure);
      await sleep(this.#pauses.failed(next.failure.name), undefined, { ref: false, signal }).catch(() => {});
      if (!signal.aborted) this.#become({ name: 'building', rows: 0 });
    }
  }

  /** Answers from the file until that is no longer possible. */
  async #answerFromFile(fresh = false): Promise<Next> {
    this.#left = Promise.withResolvers();
    const { databasePath, path, memoryMb, tempDir, spillMb, shortJobSec } = this.#options;
    const options = { databasePath, path, memoryMb, tempDir, spillMb, shortJobSec, fresh };
    const process = this.#start<IndexProtocol>('columns', this.#options.program ?? PROGRAM, options);
    this.#answering = process;
    this.#report = undefined;
    try {
      await process.ready;
      const followed = await process.run('follow', null, this.#events);
      if ('declined' in followed) return afterNoIndex(followed, this.#buildsSinceAnswer);
      this.#pauses.succeeded('unsuitable');
      this.#become({ name: 'ready', rows: followed.rows });
      return await Promise.race([this.#left.promise, process.gone.then(() => AFTER_ANSWERING)]);
    } catch (error) {
      return afterFailing(error, process.state.name === 'gone');
    } finally {
      process.stop();
      await process.gone;
    }
  }

  async #build(): Promise<Next> {
    this.#builds += 1;
    this.#buildsSinceAnswer += 1;
    const { databasePath, path, memoryMb, tempDir, spillMb, shortJobSec } = this.#options;
    const options = { databasePath, path, memoryMb, tempDir, spillMb, shortJobSec };
    const process = this.#start<BuildProtocol>('builder', BUILD_PROGRAM, options);
    try {
      await process.ready;
      const onStep = (rows: number) => {
        if (this.#state.name === 'building') this.#become({ name: 'building', rows });
      };
      const built = await process.run('build', null, { onStep });
      return afterBuild('declined' in built ? built : undefined);
    } catch (error) {
      return afterFailedBuild(error);
    } finally {
      process.stop();
      await process.gone;
    }
  }

  #become(next: IndexState): void {
    if (!mayBecome(this.#state, next)) {
      throw new Fault('internal', `a column index cannot go from ${this.#state.name} to ${next.name}`);
    }
    const changes = this.#state.name !== next.name;
    this.#state = next;
    if (next.name !== 'ready') this.#lanes.clear();
    if (!changes || this.#closing.signal.aborted) return;
    if (next.name === 'ready') this.#options.log.info({ rows: next.rows }, 'the column index is ready');
    if ('reason' in next) this.#options.log.warn({ reason: next.reason }, `the column index is ${next.name}`);
  }

  readonly #events = {
    onStep: (report: IndexReport) => {
      for (const { fields, message } of newsOf(report, this.#report)) this.#options.log.warn(fields, message);
      this.#report = report;
    },
  };

  #start<P extends Protocol>(role: ProcessStatus['role'], file: string, open: P['options']): ManagedProcess<P> {
    const { memoryMb, log } = this.#options;
    const process = new ManagedProcess<P>({
      role,
      growthMb: memoryMb + BEYOND_DUCKDB_MB - RESTING_MB,
      counters: this.#counters,
      log: (fields, message) => log.warn(fields, message),
      callsAtOnce: CALLS_AT_ONCE,
      onState: () => {},
      program: { file, heapMb: HEAP_MB, flags: FLAGS, env: {} },
      open,
    });
    this.#process = process;
    return process;
  }

  /** Returns a function that begins a question, or undefined if no process can answer now. */
  #ready() {
    const process = this.#answering;
    if (this.#state.name !== 'ready' || process === undefined || process.needsReplacement) return undefined;
    if (process.state.name !== 'idle' && process.state.name !== 'busy') return undefined;
    return (question: Question): StartedCall<IndexAnswer> => {
      const call = process.start('ask', question, this.#events);
      return { ...call, output: call.output.then((output) => this.#answered(output)) };
    };
  }

  #answered(answer: Uint8Array | Declined | null): IndexAnswer {
    if (answer instanceof Uint8Array) {
      this.#answers += 1;
      this.#pauses.succeeded('stale');
      this.#buildsSinceAnswer = 0;
      return answer;
    }
    this.#declined += 1;
    if (answer === null) return undefined;
    const next = afterDeclining(answer);
    if (next.failure !== undefined && this.#state.name === 'ready') this.#become(next.failure);
    this.#left.resolve(next);
    return undefined;
  }

  #housekeeping(): void {
    const process = this.#process;
    if (process === undefined) return;
    process.ping();
    if (process.needsReplacement && process.state.name === 'idle') process.stop();
  }
}
