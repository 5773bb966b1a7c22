/** The program of the archive process: decodes files of the job archive, one request at a time, in bounded memory. */
import { piecesOf } from '../../archive/pieces.ts';
import { answerArchiveRequest } from '../../archive/requests.ts';
import { faultToMessage } from '../faults.ts';
import type { FromProcess, ToProcess } from '../protocol.ts';
import { endNow, endWithParent } from './lifeline.ts';

let root: string | undefined;

endWithParent();
process.on('message', (message: ToProcess) => void receive(message));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});

function send(message: FromProcess): void {
  process.send?.(message);
}

/** A job of a thousand nodes has 47 MB: as one message it would be there three times on its way. */
async function sendInParts(id: number, [text]: (string | null)[]): Promise<void> {
  for (const bytes of piecesOf(text ?? '')) {
    await new Promise((sent) => process.send?.({ kind: 'part', id, bytes } satisfies FromProcess, sent));
  }
}

async function receive(message: ToProcess): Promise<void> {
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
    case 'ping':
      return send({ kind: 'pong', id: 0, rssMb: process.memoryUsage.rss() / 2 ** 20 });
    case 'stop':
      return endNow();
    case 'interrupt': // decoding cannot be interrupted: the service kills the process after its grace
      return;
    default:
      throw new Error(`the archive process was asked for ${message.kind}`);
  }
}
