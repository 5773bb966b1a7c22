import { PassingBytes } from '../pool/passing-bytes.ts';
import { SECOND_READER_PROGRAM, startProgram } from '../pool/spawn.ts';
import type { Batch } from './rows/job-reader.ts';
import type { Stretch } from './rows/which.ts';
import { Unsuitable } from './unsuitable.ts';

export type ToSecondReader =
  | { kind: 'open'; path: string; cacheMb: number }
  | { kind: 'between'; keys: readonly string[]; stretch: Stretch };

export type FromSecondReader =
  | { kind: 'read'; batch: Batch | 'more keys' }
  | { kind: 'unsuitable' | 'failed'; reason: string };

/** MB of V8's heap; jobs on their way are bytes outside of it. */
const HEAP_MB = 48;
/** A batch takes 0.1 s. */
const READ_LIMIT_MS = 60_000;

/**
 * Reads jobs beside the process of the index while that is built. In a process of its own: SQLite counts its memory behind one lock of the
 * whole process, and two connections of one process, each of which makes a dozen texts a job, take longer than one (19 µs a job against
 * 14; two processes take 8). It ends with the process that started it.
 */
export class SecondReader {
  readonly #child: ReturnType<typeof startProgram>;
  readonly #passing = new PassingBytes();
  /** Whoever waits for a batch. Not a race with its end: each would keep its batch until then. */
  #waiting: PromiseWithResolvers<FromSecondReader> | undefined;
  #isGone = false;

  constructor(path: string, cacheMb: number) {
    this.#child = startProgram({ file: SECOND_READER_PROGRAM, heapMb: HEAP_MB, env: {} });
    this.#child.stderr?.resume();
    this.#child.on('message', (message: FromSecondReader) => this.#waiting?.resolve(message));
    this.#child.once('exit', () => this.#ended());
    this.#child.once('error', () => this.#ended());
    this.#send({ kind: 'open', path, cacheMb });
  }

  /** One at a time. Throws Unsuitable. */
  async between(keys: readonly string[], stretch: Stretch): Promise<Batch | 'more keys'> {
    if (this.#isGone) throw died();
    const waiting = Promise.withResolvers<FromSecondReader>();
    this.#waiting = waiting;
    const timer = setTimeout(() => this.close(), READ_LIMIT_MS);
    try {
      this.#send({ kind: 'between', keys, stretch });
      const answer = await waiting.promise;
      if (answer.kind !== 'read')
        throw answer.kind === 'unsuitable' ? new Unsuitable(answer.reason) : new Error(answer.reason);
      if (answer.batch !== 'more keys') this.#passing.passed(answer.batch.csv.byteLength);
      return answer.batch;
    } finally {
      clearTimeout(timer);
      this.#waiting = undefined;
    }
  }

  close(): void {
    this.#child.kill('SIGKILL'); // it only reads
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
