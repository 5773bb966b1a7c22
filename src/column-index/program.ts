/** The program of the column index: it builds one, or answers from one, and does one thing at a time. */

import { faultToMessage } from '../processes/fault-messages.ts';
import { endNow } from '../processes/lifeline.ts';
import { type Asked, send, serveParent } from '../processes/parent.ts';
import type { FromProcess, ToProcess } from '../processes/protocol.ts';
import { StartupError } from '../startup-error.ts';
import { NewIndex } from './build/new-index.ts';
import { meaningOf } from './meaning.ts';
import { IndexSession } from './session.ts';
import { Outdated, Unsupported } from './unsupported.ts';

/** An interrupt between two steps of a request is lost, so it is repeated until the request has ended. */
const INTERRUPT_AGAIN_MS = 2;

let index: IndexSession | undefined;
let builder: NewIndex | undefined;
let running: { id: number; stopping: boolean } | undefined;

serveParent(receive);

async function receive(message: Asked): Promise<void> {
  switch (message.kind) {
    case 'openColumns':
      return await open(message, async () => {
        index = await IndexSession.open(message.options);
        return await index.settings();
      });
    case 'openBuilder':
      return await open(message, async () => {
        builder = await NewIndex.open(message.options);
        return {};
      });
    case 'buildColumns':
      return await serve(message.id, async () => {
        const rows = await opened(builder).build((done) => send({ kind: 'progress', id: 0, rows: done }));
        send({ kind: 'built', id: message.id, rows });
      });
    case 'followColumns':
      return await serve(message.id, async () => {
        send({ kind: 'built', id: message.id, rows: await opened(index).follow() });
      });
    case 'askColumns':
      return await serve(message.id, async () => {
        send({ kind: 'answer', id: message.id, json: Buffer.from(await opened(index).ask(message.question)) });
      });
    case 'interrupt':
      return interrupt(message.id);
    case 'stop':
      // Its file needs no close: what is committed is there, and an unfinished build is no index.
      return endNow();
    default:
      throw new Error(`the column index was asked for ${message.kind}`);
  }
}

async function open(
  { options }: Extract<ToProcess, { kind: 'openColumns' | 'openBuilder' }>,
  work: () => Promise<Record<string, string>>,
): Promise<void> {
  try {
    send({ kind: 'ready', id: 0, pragmas: await work() });
  } catch (error) {
    const { problems, fault } = new StartupError(`${options.path}: ${String(error)}`);
    send({ kind: 'refused', id: 0, problems, fault });
  }
}

function opened<Index>(one: Index | undefined): Index {
  if (one === undefined) throw new Error('not open');
  return one;
}

async function serve(id: number, work: () => Promise<void>): Promise<void> {
  const own = { id, stopping: false };
  running = own;
  try {
    await work();
  } catch (error) {
    send(failureOf(id, error));
  } finally {
    running = undefined;
  }
}

function failureOf(id: number, error: unknown): FromProcess {
  const meaning = meaningOf(error);
  if (meaning instanceof Unsupported) return { kind: 'declined', id, why: 'unsuitable', reason: meaning.message };
  if (meaning instanceof Outdated) return { kind: 'declined', id, why: 'stale', reason: meaning.message };
  return { kind: 'failed', id, fault: faultToMessage(meaning) };
}

function interrupt(id: number): void {
  const target = running;
  if (target?.id !== id || target.stopping) return;
  target.stopping = true;
  const again = () => {
    if (running !== target) return;
    index?.interrupt();
    builder?.interrupt();
    setTimeout(again, INTERRUPT_AGAIN_MS);
  };
  again();
}
