import type { IndexConnection } from './duckdb-connection.ts';

/** The work of one call. It may be interrupted at any moment, and more than once. */
export class Interruptible {
  readonly #interrupted = new AbortController();
  /** The connection that this call uses now. */
  #connection: IndexConnection | undefined;

  /** Fires at the first interrupt. */
  get signal(): AbortSignal {
    return this.#interrupted.signal;
  }

  /** Stops the running statement and everything after it. */
  interrupt(): void {
    this.#interrupted.abort();
    this.#connection?.interrupt();
  }

  /** Runs statements on a connection. */
  async on<Result>(connection: IndexConnection, work: () => Promise<Result>): Promise<Result> {
    this.signal.throwIfAborted();
    this.#connection = connection;
    try {
      return await work();
    } finally {
      this.#connection = undefined;
    }
  }

  /** Waits for work of other calls. An interrupt ends only the wait. */
  async waitFor(others: Promise<unknown>): Promise<void> {
    const { signal } = this;
    signal.throwIfAborted();
    const interrupted = Promise.withResolvers<never>();
    const end = () => interrupted.reject(signal.reason);
    signal.addEventListener('abort', end, { once: true });
    await Promise.race([others, interrupted.promise]).finally(() => signal.removeEventListener('abort', end));
  }
}
