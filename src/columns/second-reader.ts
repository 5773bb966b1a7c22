import { closeSync, openSync, readSync, rmSync } from 'node:fs';
import { afterWaiting } from '../processes/late-timer.ts';
import { SECOND_READER_PROGRAM, startProgram } from '../processes/spawn.ts';
import type { Batch } from './rows/job-reader.ts';
import type { Stretch } from './rows/which.ts';
import { Unsuitable } from './unsuitable.ts';

export type ToSecondReader =
  | { kind: 'open'; path: string; cacheMb: number; linesPath: string }
  | { kind: 'between'; keys: readonly string[]; stretch: Stretch };

export type FromSecondReader =
  /** So many bytes of lines stand at the beginning of the file. */
  | { kind: 'read'; rows: number; bytes: number }
  | { kind: 'more keys' }
  | { kind: 'unsuitable' | 'failed'; reason: string };

/** MB of V8's heap; the bytes of jobs are outside of it. */
const HEAP_MB = 48;
/** A batch takes 0.1 s. */
const READ_LIMIT_MS = 60_000;

/**
 * Reads jobs beside the process of the index while that is built. In a process of its own: SQLite counts its memory behind one lock of the
 * whole process, and two connections of one process, each of which makes a dozen texts a job, take longer than one (19 µs a job against
 * 14; two processes take 8). It ends with the process that started it.
 *
 * Lines come through a file: as messages they were copied five times, and what that left took a tenth of our time to collect.
 */
export class SecondReader {
  readonly #child: ReturnType<typeof startProgram>;
  readonly #linesPath: string;
  readonly #lines: number;
  /** What is read of the lines, again and again. */
  #bytes = Buffer.alloc(0);
  /** Whoever waits for a batch. Not a race with its end: each would keep its batch until then. */
  #waiting: PromiseWithResolvers<FromSecondReader> | undefined;
  #isGone = false;

  /** `linesPath` is a file to make. */
  constructor(path: string, cacheMb: number, linesPath: string) {
    this.#linesPath = linesPath;
    this.#lines = openSync(linesPath, 'w+', 0o600);
    this.#child = startProgram({ file: SECOND_READER_PROGRAM, heapMb: HEAP_MB, env: {} });
    this.#child.stderr?.resume();
    this.#child.on('message', (message: FromSecondReader) => this.#waiting?.resolve(message));
    this.#child.once('exit', () => this.#ended());
    this.#child.once('error', () => this.#ended());
    this.#send({ kind: 'open', path, cacheMb, linesPath });
  }

  /** One at a time; its lines are there until the next. Throws Unsuitable. */
  async between(keys: readonly string[], stretch: Stretch): Promise<Batch | 'more keys'> {
    if (this.#isGone) throw died();
    const waiting = Promise.withResolvers<FromSecondReader>();
    this.#waiting = waiting;
    const clearLimit = afterWaiting(READ_LIMIT_MS, () => this.#end());
    try {
      this.#send({ kind: 'between', keys, stretch });
      const answer = await waiting.promise;
      if (answer.kind === 'more keys') return answer.kind;
      if (answer.kind === 'read') return { rows: answer.rows, csv: this.#read(answer.bytes) };
      throw answer.kind === 'unsuitable' ? new Unsuitable(answer.reason) : new Error(answer.reason);
    } finally {
      clearLimit();
      this.#waiting = undefined;
    }
  }

  /** Nobody may wait for a batch. */
  close(): void {
    this.#end();
    closeSync(this.#lines);
    rmSync(this.#linesPath, { force: true });
  }

  #end(): void {
    if (this.#child.pid !== undefined) this.#child.kill('SIGKILL'); // it only reads
  }

  #read(bytes: number): Buffer {
    if (this.#bytes.length < bytes) this.#bytes = Buffer.alloc(2 * bytes);
    for (let at = 0; at < bytes; ) {
      const read = readSync(this.#lines, this.#bytes, at, bytes - at, at);
      if (read === 0) throw died();
      at += read;
    }
    return this.#bytes.subarray(0, bytes);
  }

  #ended(): void {
    this.#isGone = true;
    this.#waiting?.reject(died());
  }

  #send(message: ToSecondReader): void {
    if (this.#child.connected) this.#child.send(message);
  }
}

function died(): Error {
  return new Error('the second reader of the build has died');
}
