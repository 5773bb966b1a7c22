/** The program of the process that takes large request bodies apart, one at a time, in bounded memory. */
import { partsOf } from '../../http/json/json-body.ts';
import type { LargeBody } from '../../http/json/large-bodies.ts';
import { faultToMessage } from '../../processes/fault-messages.ts';
import { endNow } from '../../processes/lifeline.ts';
import { type Asked, send, serveParent } from '../../processes/parent.ts';
import type { FromProcess } from '../../processes/protocol.ts';

/**
 * What a body leaves behind counts as memory of the next one: three of the largest in a row would need more than there is. It is
 * collected at once after a body of this size, which takes 5 to 15 ms after the answer.
 */
const COLLECTED_FROM_BYTES = 1024 * 1024;

serveParent(receive);

async function receive(message: Asked): Promise<void> {
  switch (message.kind) {
    case 'openBodies':
      return send({ kind: 'ready', id: 0, pragmas: {} });
    case 'takeApart': {
      const body = message.body as LargeBody;
      const { byteLength } = body.bytes;
      send(await answerTo(message.id, body));
      if (byteLength >= COLLECTED_FROM_BYTES) setImmediate(() => globalThis.gc?.());
      return;
    }
    case 'stop':
      return endNow();
    case 'interrupt': // parsing cannot be interrupted: the service kills the process after its grace
      return;
    default:
      throw new Error(`the process of bodies was asked for ${message.kind}`);
  }
}

async function answerTo(id: number, body: LargeBody): Promise<FromProcess> {
  try {
    return { kind: 'takenApart', id, value: await partsOf(body) };
  } catch (error) {
    return { kind: 'failed', id, fault: faultToMessage(error) };
  }
}
