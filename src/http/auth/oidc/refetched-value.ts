export interface RefreshedOptions<Value> {
  fetch: () => Promise<Value>;
  /** How long a value is used before it is fetched again. */
  freshMs: number;
  /** How long a failure is repeated before the next attempt. */
  retryMs: number;
  /** False in a Worker, where a request must not wait for another one. */
  sharesWait: boolean;
  now?: () => number;
}

/**
 * A value of another server that is fetched when it is needed and too old. A failure is thrown to every caller of the
 * next moments, so that a server that is down is not asked by each of them. A value that is too old is not used.
 */
export class Refreshed<Value> {
  readonly #options: RefreshedOptions<Value>;
  readonly #now: () => number;
  #last: { value: Value; at: number } | undefined;
  #failure: { error: unknown; at: number } | undefined;
  #pending: Promise<Value> | undefined;

  constructor({ now = () => performance.now(), ...options }: RefreshedOptions<Value>) {
    this.#options = options;
    this.#now = now;
  }

  /** Throws what `fetch` throws. */
  async get(): Promise<Value> {
    const { freshMs, retryMs, sharesWait } = this.#options;
    if (this.#last !== undefined && this.#now() - this.#last.at < freshMs) return this.#last.value;
    if (this.#failure !== undefined && this.#now() - this.#failure.at < retryMs) throw this.#failure.error;
    if (!sharesWait) return await this.#fetch();
    this.#pending ??= this.#fetch().finally(() => {
      this.#pending = undefined;
    });
    return await this.#pending;
  }

  async #fetch(): Promise<Value> {
    try {
      const value = await this.#options.fetch();
      this.#last = { value, at: this.#now() };
      this.#failure = undefined;
      return value;
    } catch (error) {
      this.#failure = { error, at: this.#now() };
      throw error;
    }
  }
}
