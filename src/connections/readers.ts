import { answerManyRows, answerPage } from '../db/driver/answer-rows.ts';
import { utf8Of } from '../db/driver/utf8.ts';
import type { Page } from '../db/port.ts';
import type { PageStatement, Statement } from '../db/statement.ts';
import { ClientGone, type Deadline } from '../deadline.ts';
import { Fault } from '../faults.ts';
import { runTwice } from '../processes/call-with-retry.ts';
import type { Counters } from '../processes/counters.ts';
import type { AnyProcess, ManagedProcess } from '../processes/managed-process.ts';
import { setLowestPriority } from '../processes/priority.ts';
import type { ProcessGroup } from '../processes/process-group.ts';
import type { ReplacementPermit } from '../processes/replacement-permit.ts';
import { ResponseByteGc } from '../processes/response-byte-gc.ts';
import type { ReaderProtocol } from './connection-protocol.ts';
import { groupOf, type PoolOptions } from './start-connection.ts';

/**
 * Rows that are parsed in the parent take ten times the size of their text there. Results of this size are 80,000
 * groups of statistics, or the nodes of a cluster.
 */
const READ_LIMIT_BYTES = 16 * 1024 * 1024;

/** The reading half of the port, over connection processes. */
export class Readers {
  readonly #group: ProcessGroup<ReaderProtocol>;
  readonly #max: number;
  readonly #counters: Counters;
  readonly #passing = new ResponseByteGc();

  constructor(options: PoolOptions, counters: Counters, replacementPermit: ReplacementPermit) {
    this.#max = options.maxReaders;
    this.#counters = counters;
    this.#group = groupOf<ReaderProtocol>(options, 'reader', options.maxReaders, counters, replacementPermit);
  }

  async open(): Promise<void> {
    await this.#group.open();
  }

  async read<Row>(statement: Statement<Row>, deadline: Deadline): Promise<Row[]> {
    const answer = await this.#query(statement, deadline);
    if (answer.json.byteLength > READ_LIMIT_BYTES) {
      throw new Fault('memory_limit_exceeded', 'the result is larger than 16 MB: request it in pages');
    }
    return await answerManyRows(answer, statement.row, deadline);
  }

  async readPage<More>(statement: PageStatement<More>, deadline: Deadline): Promise<Page<More>> {
    const answer = await this.#query(statement, deadline);
    this.#passing.passed(answer.json.byteLength);
    return answerPage(answer, statement, utf8Of);
  }

  get members(): ProcessGroup<ReaderProtocol>['members'] {
    return this.#group.members;
  }

  get queued(): number {
    return this.#group.queued;
  }

  /** How many readers could start work now while one stays free for other requests. */
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
    deadline.resume(); // suspended by an earlier write of the same request
    const isBackground = 'isBackground' in statement && statement.isBackground === true;
    let slowed: ManagedProcess<ReaderProtocol> | undefined;
    try {
      const { name, sql, parameters } = statement;
      return await runTwice(this.#group, deadline, this.#counters, (process) => {
        if (isBackground) {
          slowed = process;
          setLowestPriority(process.pid);
        }
        return process.run('query', { name, sql, parameters });
      });
    } catch (error) {
      throw counted(error, this.#counters);
    } finally {
      if (slowed?.state.name === 'idle')
        slowed.stop(); // a new reader replaces it
      else if (slowed !== undefined) slowed.needsReplacement = true;
    }
  }
}

/** True if one of the processes has given a sign of life within the last second. */
export function anyAlive(processes: Iterable<AnyProcess>): boolean {
  return [...processes].some(({ isHeard, state }) => state.name !== 'starting' && isHeard);
}

/** Counts the error of a request and returns it. */
export function counted(error: unknown, counters: Counters): unknown {
  if (error instanceof ClientGone) counters.hangUps += 1;
  if (error instanceof Fault && error.code === 'deadline_exceeded') counters.timeouts += 1;
  return error;
}
