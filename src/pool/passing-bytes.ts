declare const gc: ((options: { type: 'minor' }) => void) | undefined;

/** Between two collections; they are short, since little of what is young is still wanted. */
const COLLECT_EVERY_BYTES = 2 * 1024 * 1024;

/**
 * Told of the bytes of answers that pass through a process. V8 sees a few small objects and not the quarter of a megabyte behind each:
 * left alone it collects late, keeps 30 to 60 MB of bytes that were sent long ago, and then marks the whole heap for every 64 MB (from the
 * third million rows on the service took 10 s of CPU for each instead of 1.6). Where the process was started without --expose-gc
 * nothing is done.
 */
export class PassingBytes {
  #bytes = 0;

  passed(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < COLLECT_EVERY_BYTES) return;
    this.#bytes = 0;
    if (typeof gc === 'function') gc({ type: 'minor' });
  }
}
