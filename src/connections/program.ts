/**
 * The program of one connection process: one connection that reads or one that writes, one request at a time. Each kind has its own
 * library of SQLite, and only that is loaded: two in one process would take away each other's locks.
 */

import { giveBack } from '../db/driver/driver-values.ts';
import type { ReadConnection } from '../db/driver/read-connection.ts';
import type { WriteConnection } from '../db/driver/write-connection.ts';
import type { WriteGate } from '../db/driver/write-transaction.ts';
import { startupErrorOf } from '../db/startup-errors.ts';
import { faultToMessage } from '../processes/fault-messages.ts';
import { endNow } from '../processes/lifeline.ts';
import { type Asked, send, serveParent } from '../processes/parent.ts';
import type { FromProcess, ToProcess } from '../processes/protocol.ts';
import { ResponseByteGc } from '../processes/response-byte-gc.ts';
import { StartupError } from '../startup-error.ts';

/** An interrupt in the tick that starts a query is lost, so it is repeated until the query has ended. */
const INTERRUPT_AGAIN_MS = 2;

interface Running {
  id: number;
  stopping: boolean;
  answerCommit: ((allowed: boolean) => void) | undefined;
}

let reader: ReadConnection | undefined;
let writer: WriteConnection | undefined;
let running: Running | undefined;
const passing = new ResponseByteGc();

serveParent(receive);

async function receive(message: Asked): Promise<void> {
  switch (message.kind) {
    case 'open':
      return await open(message);
    case 'query':
      return await serve(message.id, reader, async (held) => {
        const answer = await held.query(message.sql, message.parameters);
        reply({ kind: 'answer', id: message.id, ...answer });
        passing.passed(answer.json.byteLength);
        giveBack(answer.json);
      });
    case 'write':
      return await serve(message.id, writer, async (held, own) => {
        const output = await held.write(message.name, message.input, gateOf(own));
        reply({ kind: 'written', id: message.id, output });
      });
    case 'maintain':
      return await serve(message.id, writer, async (held) => {
        reply({ kind: 'written', id: message.id, output: await held.maintain(message.task) });
      });
    case 'interrupt':
      return interrupt(message.id);
    case 'commit':
      if (running?.id === message.id) running.answerCommit?.(message.allowed);
      return;
    case 'stop':
      reader?.close();
      writer?.close();
      return endNow();
    case 'openArchive':
    case 'archive':
    case 'openReplica':
    case 'sync':
    case 'openColumns':
    case 'openBuilder':
    case 'buildColumns':
    case 'followColumns':
    case 'askColumns':
      throw new Error(`a connection process was asked for ${message.kind}`);
  }
}

async function open({ options }: Extract<ToProcess, { kind: 'open' }>): Promise<void> {
  try {
    if (options.role === 'writer') {
      const { WriteConnection } = await import('../db/driver/write-connection.ts');
      writer = await WriteConnection.open(options);
      return send({ kind: 'ready', id: 0, pragmas: writer.pragmas, sqlite: writer.sqlite });
    }
    const { ReadConnection } = await import('../db/driver/read-connection.ts');
    reader = await ReadConnection.open(options);
    send({ kind: 'ready', id: 0, pragmas: reader.pragmas, sqlite: await reader.sqliteVersion() });
  } catch (error) {
    const known = error instanceof StartupError ? error : startupErrorOf(error, options.path);
    const { problems, fault } = known ?? new StartupError(`${options.path}: ${String(error)}`);
    send({ kind: 'refused', id: 0, problems, fault });
  }
}

async function serve<Held>(
  id: number,
  held: Held | undefined,
  work: (held: Held, own: Running) => Promise<void>,
): Promise<void> {
  const own: Running = { id, stopping: false, answerCommit: undefined };
  running = own;
  try {
    if (held === undefined) throw new Error('this connection is not open, or not for this');
    await work(held, own);
  } catch (error) {
    reply({ kind: 'failed', id, fault: faultToMessage(error) });
  } finally {
    running = undefined;
  }
}

/** The end of a request: the service may send the next one as soon as it has this. */
function reply(message: Extract<FromProcess, { kind: 'answer' | 'written' | 'failed' }>): void {
  if ((reader ?? writer)?.needsReplacement !== false) send({ kind: 'worn', id: 0 });
  send(message);
}

function gateOf(own: Running): WriteGate {
  return {
    givenUp: () => own.stopping,
    locked: () => send({ kind: 'locked', id: own.id }),
    began: () => send({ kind: 'began', id: own.id }),
    mayCommit: () =>
      new Promise((resolve) => {
        own.answerCommit = resolve;
        send({ kind: 'mayCommit', id: own.id });
      }),
  };
}

function interrupt(id: number): void {
  const target = running;
  if (target?.id !== id || target.stopping) return;
  target.stopping = true;
  // A write is never interrupted: it rolls back when it asks to commit, or the service kills the process.
  if (reader === undefined) return;
  const again = () => {
    if (running !== target) return;
    reader?.interrupt();
    setTimeout(again, INTERRUPT_AGAIN_MS);
  };
  again();
}
