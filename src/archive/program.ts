/** The program of the archive process: decodes files of the job archive, one request at a time, in bounded memory. */

import { faultToMessage } from '../processes/fault-messages.ts';
import { endNow } from '../processes/lifeline.ts';
import { type Asked, send, serveParent } from '../processes/parent.ts';
import type { FromProcess } from '../processes/protocol.ts';
import { piecesOf } from './pieces.ts';
import { answerArchiveRequest } from './requests.ts';

let root: string | undefined;

serveParent(receive);

/** A job of a thousand nodes has 47 MB: as one message it would be there three times on its way. */
async function sendInParts(id: number, [text]: (string | null)[]): Promise<void> {
  for (const bytes of piecesOf(text ?? '')) {
    await new Promise((sent) => process.send?.({ kind: 'part', id, bytes } satisfies FromProcess, sent));
  }
}

async function receive(message: Asked): Promise<void> {
  switch (message.kind) {
    case 'openArchive':
      root = message.root;
      return send({ kind: 'ready', id: 0, pragmas: {} });
    case 'archive':
      try {
        if (root === undefined) throw new Error('not open');
        const answer = await answerArchiveRequest(root, message.request);
        if (message.request.kind === 'jobData') await sendInParts(message.id, answer.texts.splice(0));
        return send({ kind: 'archived', id: message.id, answer });
      } catch (error) {
        send({ kind: 'worn', id: 0 });
        return send({ kind: 'failed', id: message.id, fault: faultToMessage(error) });
      }
    case 'stop':
      return endNow();
    case 'interrupt': // decoding cannot be interrupted: the service kills the process after its grace
      return;
    default:
      throw new Error(`the archive process was asked for ${message.kind}`);
  }
}
