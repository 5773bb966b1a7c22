import { type Stats, statSync } from 'node:fs';
import { logBytesOf } from '../db/driver/wal-bytes.ts';
import { LOG_LIMIT_BYTES } from '../db/maintenance.ts';
import { Fault, type FaultCode } from '../faults.ts';

interface DatabaseFileOptions {
  path: string;
  log: { warn(fields: object, message: string): void };
  /** Waits for readers and empties the log. `busy` is not 0 if this was not possible. */
  emptyLog(): Promise<Record<string, number>>;
}

/** Time between two attempts to empty a log that has grown too large. Each attempt may block writes for seconds. */
const EMPTY_LOG_EVERY_MS = 30_000;
/** Why a file is no longer served. */
const LOST = {
  replaced:
    'the database file was replaced or removed while the service was running: put it back or restore a backup if it is missing, then restart the service',
  logGone: 'the log of the database (-wal or -shm) was removed while the service was running: restart the service',
} as const;
/** Faults of a write that all other writes will get too. */
const CANNOT_WRITE: Partial<Record<FaultCode, string>> = {
  disk_full: 'writes fail: no space left for the database',
  read_only: 'writes fail: the database is read-only',
  outcome_unknown:
    'writes fail: the last commit ended half way (an I/O error of the disk, or a writer that was killed)',
};
const DAMAGED = 'the database file is damaged: stop the service and restore a backup';

/**
 * Watches the database file while it is served. Its log must not grow without limit. No other file may take its name or
 * the name of its log. After damage has been found, the service no longer writes to it.
 */
export class DatabaseFile {
  readonly #options: DatabaseFileOptions;
  readonly #identity: string | undefined;
  /** Identity of -wal and -shm, once a process has them open. */
  #logIdentity: string | undefined;
  #lost: keyof typeof LOST | undefined;
  #damaged = false;
  /** Why the last write failed. Cleared by the next write that succeeds. */
  #cannotWrite: string | undefined;
  /** The processes that had the file open at the last check. */
  #holders: readonly number[] = [];
  /** When the log may be emptied again: an instant of performance.now(). */
  #emptyLogAt = 0;

  constructor(options: DatabaseFileOptions) {
    this.#options = options;
    this.#identity = identityOf(options.path);
  }

  /** True once another file has the name. The file that the processes have open is then no longer the database. */
  get replaced(): boolean {
    return this.#lost === 'replaced';
  }

  /** Why the file is no longer served. Undefined while it is. */
  get lost(): string | undefined {
    return this.#lost === undefined ? undefined : LOST[this.#lost];
  }

  get logBytes(): number {
    return logBytesOf(this.#options.path);
  }

  /** Problems that need the operator although requests are answered. */
  get degraded(): readonly string[] {
    return [...(this.#damaged ? [DAMAGED] : []), ...(this.#cannotWrite === undefined ? [] : [this.#cannotWrite])];
  }

  /** Throws `connection_lost` if the processes have other files open than those that now have the names. */
  check(): void {
    if (this.lost !== undefined) throw new Fault('connection_lost', this.lost);
  }

  /** Does what `check` does, for a write. Also throws `database_damaged` if the file is damaged. */
  checkWrite(): void {
    this.check();
    if (this.#damaged) throw new Fault('database_damaged', 'the database file is damaged: nothing is written to it');
  }

  /** Records how a write ended. `error` is undefined if it was committed. */
  wrote(error?: unknown): void {
    const why = error instanceof Fault ? CANNOT_WRITE[error.code] : undefined;
    if (error !== undefined && why === undefined) return; // the error does not concern the file
    if (why !== undefined && this.#cannotWrite === undefined) this.#options.log.warn({ err: error }, why);
    this.#cannotWrite = why;
  }

  /** Records an error of a query or a write, and returns it unchanged. */
  met(error: unknown): unknown {
    if (!this.#damaged && error instanceof Fault && error.code === 'database_damaged') {
      this.#damaged = true;
      this.#options.log.warn({ path: this.#options.path, err: error.cause }, DAMAGED);
    }
    return error;
  }

  /** Called every 250 ms; takes about 50 microseconds. `holders` are the pids of processes that have the file open. */
  look(holders: readonly number[]): void {
    const { path, log } = this.#options;
    if (this.#lost !== undefined) return;
    this.#lost = this.#findLoss(holders);
    if (this.lost !== undefined) {
      log.warn({ path }, this.lost);
      // The writer still has the removed log open, so the acknowledged writes can be copied to the file now.
      if (this.#lost === 'logGone') this.#emptyLog(0);
      return;
    }
    const logBytes = logBytesOf(path);
    if (logBytes < LOG_LIMIT_BYTES || performance.now() < this.#emptyLogAt) return;
    this.#emptyLogAt = performance.now() + EMPTY_LOG_EVERY_MS;
    this.#emptyLog(Math.round(logBytes / 2 ** 20));
  }

  #emptyLog(logMb: number): void {
    const { log } = this.#options;
    this.#options.emptyLog().then(
      ({ busy }) => {
        if (busy !== 0) log.warn({ logMb }, 'slow reads prevent emptying the WAL');
      },
      (error: unknown) => log.warn({ logMb, err: error }, 'the WAL could not be emptied'),
    );
  }

  #findLoss(holders: readonly number[]): keyof typeof LOST | undefined {
    const { path } = this.#options;
    if (this.#identity !== undefined && changed(this.#identity, identityOf(path))) return 'replaced';
    // A new log is no loss if no process has kept the file open: the last program to close the file deletes its log.
    if (!holders.some((pid) => this.#holders.includes(pid))) this.#logIdentity = undefined;
    this.#holders = holders;
    if (holders.length === 0) return undefined;
    const [wal, shm] = [identityOf(`${path}-wal`), identityOf(`${path}-shm`)];
    if (wal === undefined || shm === undefined) return undefined;
    const now = `${wal} ${shm}`;
    if (this.#logIdentity !== undefined && now !== this.#logIdentity) return 'logGone';
    if (wal !== GONE && shm !== GONE) this.#logIdentity = now;
    return undefined;
  }
}

const GONE = 'gone';

function changed(before: string, now: string | undefined): boolean {
  return now !== undefined && now !== before;
}

/** Identifies the file that has the name. Returns `gone` if there is none, undefined if the folder cannot be read. */
function identityOf(path: string): string | undefined {
  try {
    const info: Stats | undefined = statSync(path, { throwIfNoEntry: false });
    return info === undefined ? GONE : `${info.dev}:${info.ino}`;
  } catch {
    return undefined; // unknown; the processes report what is wrong with the folder
  }
}
