/** The program of the second reader of a build: one connection that cannot write, one batch at a time. */
import { openSync, writeSync } from 'node:fs';
import { endWithParent } from '../../processes/lifeline.ts';
import type { FromSecondReader, ToSecondReader } from '../second-reader.ts';
import { Source } from '../source.ts';
import { Unsuitable } from '../unsuitable.ts';

let source: Promise<Source> | undefined;
let lines: number | undefined;

endWithParent();
process.on('message', (message: ToSecondReader) => {
  if (message.kind === 'open') {
    lines = openSync(message.linesPath, 'r+');
    source = Source.open(message.path, message.cacheMb);
    source.catch(() => {}); // told with the first batch
  } else void read(message);
});

async function read({ keys, stretch }: Extract<ToSecondReader, { kind: 'between' }>): Promise<void> {
  try {
    if (source === undefined || lines === undefined) throw new Error('not open');
    const batch = await (await source).between(keys, stretch);
    if (batch === 'more keys') return send({ kind: batch });
    const { rows, csv } = batch;
    for (let at = 0; at < csv.byteLength; ) at += writeSync(lines, csv, at, csv.byteLength - at, at);
    send({ kind: 'read', rows, bytes: csv.byteLength });
  } catch (error) {
    const kind = error instanceof Unsuitable ? 'unsuitable' : 'failed';
    send({ kind, reason: error instanceof Error ? error.message : String(error) });
  }
}

function send(message: FromSecondReader): void {
  process.send?.(message);
}
