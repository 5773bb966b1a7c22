import { answerPage, answerRows } from '../db/driver/answer-rows.ts';
import { utf8Of } from '../db/driver/utf8.ts';
import type { Page } from '../db/port.ts';
import type { PageStatement, Statement } from '../db/statement.ts';
import { ClientGone, type Deadline } from '../deadline.ts';
import { Fault } from '../faults.ts';
import type { Counters } from '../processes/counters.ts';
import type { DatabaseProcess } from '../processes/managed-process.ts';
import { setLowestPriority } from '../processes/priority.ts';
import { Crew } from '../processes/process-group.ts';
import type { SpareSlot } from '../processes/replacement-permit.ts';
import { PassingBytes } from '../processes/response-byte-gc.ts';
import { runQuery } from './read.ts';
import { type PoolOptions, startConnection } from './start-connection.ts';

/** Rows that are taken apart in the parent take ten times their text there: 80,000 groups of statistics, nodes of a cluster. */
const READ_LIMIT_BYTES = 16 * 1024 * 1024;

/** The reading half of the port, over connection processes. */
export class Readers {
  readonly #crew: Crew;
  readonly #max: number;
  readonly #counters: Counters;
  readonly #passing = new PassingBytes();

  constructor(options: PoolOptions, counters: Counters, spareSlot: SpareSlot) {
    this.#max = options.maxReaders;
    this.#counters = counters;
    this.#crew = crewOf(options, 'reader', options.maxReaders, counters, spareSlot);
  }

  async open(): Promise<void> {
    await this.#crew.open();
  }

  async read<Row>(statement: Statement<Row>, deadline: Deadline): Promise<Row[]> {
    const answer = await this.#query(statement, deadline);
    if (answer.json.byteLength > READ_LIMIT_BYTES) {
      throw new Fault('memory_limit_exceeded', 'the result is larger than 16 MB: request it in pages');
    }
    return answerRows(answer, statement.row);
  }

  async readPage<More>(statement: PageStatement<More>, deadline: Deadline): Promise<Page<More>> {
    const answer = await this.#query(statement, deadline);
    this.#passing.passed(answer.json.byteLength);
    return answerPage(answer, statement, utf8Of);
  }

  get members(): readonly DatabaseProcess[] {
    return this.#crew.members;
  }

  get queued(): number {
    return this.#crew.queued;
  }

  /** How many could be put to work now so that one stays for others. */
  get spare(): number {
    if (this.#crew.queued > 0) return 0;
    const busy = this.#crew.members.filter(({ state }) => state.name === 'busy').length;
    return Math.max(0, this.#max - busy - 1);
  }

  tend(): void {
    this.#crew.tend();
  }

  async close(graceMs: number): Promise<void> {
    await this.#crew.close(graceMs);
  }

  async #query(statement: Statement<unknown> | PageStatement<unknown>, deadline: Deadline) {
    deadline.resume(); // after a write of the same request
    const isBackground = 'isBackground' in statement && statement.isBackground === true;
    let slowed: DatabaseProcess | undefined;
    try {
      const { name, sql, parameters } = statement;
      return await runQuery(this.#crew, { name, sql, parameters }, deadline, this.#counters, (process) => {
        if (!isBackground) return;
        slowed = process;
        setLowestPriority(process.pid);
      });
    } catch (error) {
      throw counted(error, this.#counters);
    } finally {
      if (slowed?.state.name === 'idle')
        slowed.stop(); // another takes its place
      else if (slowed !== undefined) slowed.worn = true;
    }
  }
}

/** Connection processes of one role. */
export function crewOf(
  options: PoolOptions,
  role: 'reader' | 'writer',
  max: number,
  counters: Counters,
  spareSlot: SpareSlot,
): Crew {
  return new Crew({
    max,
    queueLimit: options.queueLimit,
    callerLimit: options.callerLimit,
    maxIdleMs: options.maxIdleMs,
    spareSlot,
    counters,
    log: (message, error) => options.log.warn({ err: error }, message),
    start: (changed) => startConnection(options, role, counters, changed),
  });
}

/** Whether one of them has given a sign of life within the last second. */
export function anyAlive(processes: Iterable<DatabaseProcess>): boolean {
  return [...processes].some(({ isHeard, state }) => state.name !== 'starting' && isHeard);
}

/** The error of a request, counted. */
export function counted(error: unknown, counters: Counters): unknown {
  if (error instanceof ClientGone) counters.hangUps += 1;
  if (error instanceof Fault && error.code === 'deadline_exceeded') counters.timeouts += 1;
  return error;
}
