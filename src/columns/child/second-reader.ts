/** The program of the second reader of a build: one connection that cannot write, one batch at a time. */
import { endWithParent } from '../../pool/child/lifeline.ts';
import { PassingBytes } from '../../pool/passing-bytes.ts';
import type { FromSecondReader, ToSecondReader } from '../second-reader.ts';
import { Source } from '../source.ts';
import { Unsuitable } from '../unsuitable.ts';

let source: Promise<Source> | undefined;
const passing = new PassingBytes();

endWithParent();
process.on('message', (message: ToSecondReader) => {
  if (message.kind === 'open') {
    source = Source.open(message.path, message.cacheMb);
    source.catch(() => {}); // told with the first batch
  } else void read(message);
});

async function read({ keys, stretch }: Extract<ToSecondReader, { kind: 'between' }>): Promise<void> {
  try {
    if (source === undefined) throw new Error('not open');
    const batch = await (await source).between(keys, stretch);
    send({ kind: 'read', batch });
    if (batch === 'more keys') return;
    passing.passed(batch.csv.byteLength);
  } catch (error) {
    const kind = error instanceof Unsuitable ? 'unsuitable' : 'failed';
    send({ kind, reason: error instanceof Error ? error.message : String(error) });
  }
}

function send(message: FromSecondReader): void {
  process.send?.(message);
}
