import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: { type: 'minor' }) => void;

/** Between two collections; they are short, since little of what is young is still wanted. */
const COLLECT_EVERY_BYTES = 2 * 1024 * 1024;

/**
 * Told of the bytes of answers that pass through a process. V8 sees a few small objects and not the quarter of a megabyte behind each:
 * left alone it collects late, keeps 30 to 60 MB of bytes that were sent long ago, and then marks the whole heap for every 64 MB (from the
 * third million rows on the service took 10 s of CPU for each instead of 1.6).
 */
export class ResponseByteGc {
  #bytes = 0;
  #collect: Collect | undefined;

  passed(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < COLLECT_EVERY_BYTES) return;
    this.#bytes = 0;
    this.#collect ??= collector();
    this.#collect({ type: 'minor' });
  }
}

/** Not by --expose-gc on the command line: Node's cache of compiled code is that of the flags, and a process would start later. */
function collector(): Collect {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  setFlagsFromString('--no-expose-gc');
  return typeof collect === 'function' ? (collect as Collect) : () => {};
}
