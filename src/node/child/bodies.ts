/** The program of the process that takes large request bodies apart, one at a time, in bounded memory. */
import { type LargeBody, partsOf } from '../../http/json-body.ts';
import { endNow } from '../../pool/child/lifeline.ts';
import { type Asked, send, serveParent } from '../../pool/child/parent.ts';
import { faultToMessage } from '../../pool/faults.ts';

serveParent(receive);

async function receive(message: Asked): Promise<void> {
  switch (message.kind) {
    case 'openBodies':
      return send({ kind: 'ready', id: 0, pragmas: {} });
    case 'takeApart':
      try {
        return send({ kind: 'takenApart', id: message.id, value: await partsOf(message.body as LargeBody) });
      } catch (error) {
        return send({ kind: 'failed', id: message.id, fault: faultToMessage(error) });
      }
    case 'stop':
      return endNow();
    case 'interrupt': // parsing cannot be interrupted: the service kills the process after its grace
      return;
    default:
      throw new Error(`the process of bodies was asked for ${message.kind}`);
  }
}
