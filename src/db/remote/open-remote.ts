import { type GateLimits, gateOf } from '../../concurrency-gate.ts';
import type { Deadline } from '../../deadline.ts';
import type { Turn } from '../../fair-queue.ts';
import { Fault } from '../../faults.ts';
import type { DatabaseStatus } from '../../system-state-types.ts';
import { type Answer, answerManyRows, answerPage } from '../driver/answer-rows.ts';
import { bound, bytesOf, wellFormed } from '../driver/driver-values.ts';
import type { Database } from '../port.ts';
import type { SqlValue } from '../statement.ts';
import type { WriteInput, WriteName, WriteOutput } from '../writes/all-writes.ts';
import { BeginGate } from './begin-gate.ts';
import { heartbeat } from './heartbeat.ts';
import { ofServer } from './remote-faults.ts';
import { runWrite } from './remote-write.ts';
import { clientOf, type RemoteServer } from './server.ts';
import { writeHealth } from './write-health.ts';

export interface RemoteOptions extends RemoteServer, GateLimits {
  /** True to query the server once a second. A Worker cannot run between its requests. */
  heartbeat: boolean;
  /** The pragmas that the server reported at the start, to show to people. */
  pragmas?: Readonly<Record<string, number>>;
  /** Receives a warning if the server cannot write. */
  log?: { warn(fields: object, message: string): void };
}

/**
 * The port over a libSQL server (sqld, Turso). Each request has a client of its own. At the deadline its exchange ends,
 * and with it the query at the server. The server sets the memory limits. This function opens and checks nothing.
 */
export function openRemote(options: RemoteOptions): Database {
  const counters = { timeouts: 0, hangUps: 0, retries: 0, queueFull: 0, unreachable: 0 };
  // Each request has its own, because in a Worker a request must not use an object of another one.
  const stops = new Set<AbortController>();
  const pulse = heartbeat(options);
  const beginGate = new BeginGate();
  const health = writeHealth(options.log ?? { warn: () => {} });
  const running = new Set<Promise<unknown>>();
  const gate = gateOf(options);

  /** Runs one request within the limits of the gate. */
  const within = async <Result>(
    deadline: Deadline,
    work: (closing: AbortSignal) => Promise<Result>,
    turn: Turn = deadline,
  ): Promise<Result> => {
    const stop = new AbortController();
    stops.add(stop);
    const mine = gate.pass(turn, () => work(stop.signal));
    const settled = mine.catch(() => {});
    running.add(settled);
    try {
      const result = await mine;
      pulse.answered();
      return result;
    } catch (error) {
      throw judged(error, deadline);
    } finally {
      running.delete(settled);
      stops.delete(stop);
    }
  };

  /** Registers work that continues after a request. close() waits for it, and the gate counts it as a request. */
  const waitUntil = (work: Promise<unknown>) => {
    running.add(work);
    gate.hold(work);
    void work.finally(() => running.delete(work));
  };

  const judged = (error: unknown, deadline: Deadline): unknown => {
    if (deadline.signal.aborted && error === deadline.signal.reason) {
      if (!deadline.expired.aborted) {
        counters.hangUps += 1;
        return error;
      }
      counters.timeouts += 1;
      // A server that does not answer at all is not slow with this query.
      const failing = pulse.failing();
      return failing === undefined ? error : new Fault('remote_unavailable', failing, { cause: error });
    }
    if (!(error instanceof Fault)) return error; // a bug in cc-jobs
    if (error.code === 'queue_full') {
      counters.queueFull += 1;
    } else if (error.code === 'remote_unavailable') {
      counters.unreachable += 1;
      pulse.failed(error.message);
    } else if (error.code !== 'outcome_unknown') pulse.answered();
    return error;
  };

  const query = (sql: string, parameters: readonly SqlValue[], deadline: Deadline): Promise<Answer> => {
    const attempt = async (closing: AbortSignal): Promise<Answer> => {
      deadline.signal.throwIfAborted();
      const stop = AbortSignal.any([deadline.signal, closing]);
      const client = clientOf(options, () => stop);
      try {
        const { rows } = await ofServer(client.execute({ sql, args: parameters.map(bound) }));
        return answerOf(rows[0] as Record<string, unknown> | undefined);
      } catch (error) {
        deadline.signal.throwIfAborted(); // the connection was closed by the deadline
        throw error;
      } finally {
        client.close();
      }
    };
    return within(deadline, async (closing) => {
      deadline.resume(); // suspended by an earlier write of the same request
      try {
        return await attempt(closing);
      } catch (error) {
        // A kept connection may have ended when the server restarted, so a read is retried on a new one.
        if (deadline.signal.aborted || !(error instanceof Fault) || error.code !== 'remote_unavailable') throw error;
        counters.retries += 1;
        return await attempt(closing);
      }
    });
  };

  return {
    async read({ sql, parameters, row }, deadline) {
      return await answerManyRows(await query(sql, parameters, deadline), row, deadline);
    },
    async readPage(statement, deadline) {
      return answerPage(await query(statement.sql, statement.parameters, deadline), statement, wellFormed);
    },
    write<Name extends WriteName>(name: Name, input: WriteInput<Name>, deadline: Deadline) {
      const work = async (closing: AbortSignal) => {
        deadline.resume(); // suspended by an earlier write of the same request
        deadline.expired.throwIfAborted();
        return (await runWrite(options, {
          name,
          input,
          deadline,
          closing,
          gate: beginGate,
          health,
          waitUntil,
        })) as WriteOutput<Name>;
      };
      return within(deadline, work, { signal: deadline.expired, caller: deadline.caller }); // ignores a disconnect
    },
    maintain: async () => ({}), // the server does checkpoints and statistics by itself
    idleReaders: () => 0,
    status: (): DatabaseStatus => ({
      alive: pulse.failing() === undefined,
      notAliveBecause: pulse.failing(),
      degraded: [health.reason()].filter((reason) => reason !== undefined),
      queued: running.size,
      processes: [],
      counters: { ...counters },
      ...(options.pragmas === undefined ? {} : { server: { pragmas: options.pragmas } }),
    }),
    async close(graceMs) {
      pulse.stop();
      const force = setTimeout(() => {
        for (const stop of stops) stop.abort(new Fault('connection_lost', 'the service is shutting down'));
      }, graceMs);
      while (running.size > 0) await Promise.all(running); // work may register a rollback meanwhile
      clearTimeout(force);
    },
  };
}

function answerOf(row: Record<string, unknown> | undefined): Answer {
  const answer: Answer = { json: bytesOf(row?.['json']) };
  if (row?.['rows'] !== undefined) answer.rows = Number(row['rows']);
  if (row?.['more'] !== undefined) answer.more = bytesOf(row['more']);
  return answer;
}
