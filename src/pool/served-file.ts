import { type Stats, statSync } from 'node:fs';
import { logBytesOf } from '../db/log-bytes.ts';
import { LOG_LIMIT_BYTES } from '../db/maintenance.ts';
import { Fault } from '../faults.ts';

interface ServedFileOptions {
  path: string;
  log: { warn(fields: object, message: string): void };
  /** Waits for readers, and empties the log; `busy` when it could not. */
  emptyLog(): Promise<Record<string, number>>;
}

/** Between two tries to empty a log that has grown too large: each may keep writes waiting for seconds. */
const EMPTY_LOG_EVERY_MS = 30_000;
const REPLACED = 'the database file was replaced while it was served: start the service again';

/** What the file system tells about the file: its log must not grow without end, and no other file may take its name. */
export class ServedFile {
  readonly #options: ServedFileOptions;
  readonly #identity: string | undefined;
  #replaced = false;
  /** When the log may be emptied again, an instant of performance.now(). */
  #emptyLogAt = 0;

  constructor(options: ServedFileOptions) {
    this.#options = options;
    try {
      this.#identity = identityOf(options.path);
    } catch {
      this.#identity = undefined; // the processes say what is wrong with the folder
    }
  }

  get replaced(): boolean {
    return this.#replaced;
  }

  /** Throws `connection_lost` when the processes hold another file than the one that has the name now. */
  check(): void {
    if (this.#replaced) throw new Fault('connection_lost', REPLACED);
  }

  /** Called every quarter of a second; costs some 20 microseconds. */
  look(): void {
    const { path, log } = this.#options;
    if (!this.#replaced && this.#isReplaced()) {
      this.#replaced = true;
      log.warn({ path }, REPLACED);
    }
    if (this.#replaced || performance.now() < this.#emptyLogAt) return;
    const logBytes = logBytesOf(path);
    if (logBytes < LOG_LIMIT_BYTES) return;
    this.#emptyLogAt = performance.now() + EMPTY_LOG_EVERY_MS;
    const logMb = Math.round(logBytes / 2 ** 20);
    this.#options.emptyLog().then(
      ({ busy }) => {
        if (busy !== 0) log.warn({ logMb }, 'slow reads keep the log from being emptied');
      },
      (error: unknown) => log.warn({ logMb, err: error }, 'the log could not be emptied'),
    );
  }

  #isReplaced(): boolean {
    try {
      return this.#identity !== undefined && identityOf(this.#options.path) !== this.#identity;
    } catch {
      return false; // nothing is known
    }
  }
}

/** Which file has the name, undefined when none has. Throws where the folder cannot be looked into. */
function identityOf(path: string): string | undefined {
  const info: Stats | undefined = statSync(path, { throwIfNoEntry: false });
  return info === undefined ? undefined : `${info.dev}:${info.ino}`;
}
