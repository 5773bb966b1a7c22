import { answerPage, answerRows } from '../db/driver/answer-rows.ts';
import { utf8Of } from '../db/driver/utf8.ts';
import type { Page } from '../db/port.ts';
import type { PageStatement, Statement } from '../db/statement.ts';
import { ClientGone, type Deadline } from '../deadline.ts';
import { Fault } from '../faults.ts';
import type { Counters } from '../processes/counters.ts';
import type { ManagedProcess } from '../processes/managed-process.ts';
import { setLowestPriority } from '../processes/priority.ts';
import { ProcessGroup } from '../processes/process-group.ts';
import type { ReplacementPermit } from '../processes/replacement-permit.ts';
import { ResponseByteGc } from '../processes/response-byte-gc.ts';
import { runQuery } from './read.ts';
import { type PoolOptions, startConnection } from './start-connection.ts';

/** Rows that are taken apart in the parent take ten times their text there: 80,000 groups of statistics, nodes of a cluster. */
const READ_LIMIT_BYTES = 16 * 1024 * 1024;

/** The reading half of the port, over connection processes. */
export class Readers {
  readonly #group: ProcessGroup;
  readonly #max: number;
  readonly #counters: Counters;
  readonly #passing = new ResponseByteGc();

  constructor(options: PoolOptions, counters: Counters, replacementPermit: ReplacementPermit) {
    this.#max = options.maxReaders;
    this.#counters = counters;
    this.#group = groupOf(options, 'reader', options.maxReaders, counters, replacementPermit);
  }

  async open(): Promise<void> {
    await this.#group.open();
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

  get members(): readonly ManagedProcess[] {
    return this.#group.members;
  }

  get queued(): number {
    return this.#group.queued;
  }

  /** How many could be put to work now so that one stays for others. */
  get spare(): number {
    if (this.#group.queued > 0) return 0;
    const busy = this.#group.members.filter(({ state }) => state.name === 'busy').length;
    return Math.max(0, this.#max - busy - 1);
  }

  housekeeping(): void {
    this.#group.housekeeping();
  }

  async close(graceMs: number): Promise<void> {
    await this.#group.close(graceMs);
  }

  async #query(statement: Statement<unknown> | PageStatement<unknown>, deadline: Deadline) {
    deadline.resume(); // after a write of the same request
    const isBackground = 'isBackground' in statement && statement.isBackground === true;
    let slowed: ManagedProcess | undefined;
    try {
      const { name, sql, parameters } = statement;
      return await runQuery(this.#group, { name, sql, parameters }, deadline, this.#counters, (process) => {
        if (!isBackground) return;
        slowed = process;
        setLowestPriority(process.pid);
      });
    } catch (error) {
      throw counted(error, this.#counters);
    } finally {
      if (slowed?.state.name === 'idle')
        slowed.stop(); // another takes its place
      else if (slowed !== undefined) slowed.needsReplacement = true;
    }
  }
}

/** Connection processes of one role. */
export function groupOf(
  options: PoolOptions,
  role: 'reader' | 'writer',
  max: number,
  counters: Counters,
  replacementPermit: ReplacementPermit,
): ProcessGroup {
  return new ProcessGroup({
    max,
    queueLimit: options.queueLimit,
    callerLimit: options.callerLimit,
    maxIdleMs: options.maxIdleMs,
    replacementPermit,
    counters,
    log: (message, error) => options.log.warn({ err: error }, message),
    start: (changed) => startConnection(options, role, counters, changed),
  });
}

/** Whether one of them has given a sign of life within the last second. */
export function anyAlive(processes: Iterable<ManagedProcess>): boolean {
  return [...processes].some(({ isHeard, state }) => state.name !== 'starting' && isHeard);
}

/** The error of a request, counted. */
export function counted(error: unknown, counters: Counters): unknown {
  if (error instanceof ClientGone) counters.hangUps += 1;
  if (error instanceof Fault && error.code === 'deadline_exceeded') counters.timeouts += 1;
  return error;
}
