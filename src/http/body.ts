import type { Context } from 'hono';
import { Fault } from '../faults.ts';
import { BODIES_IN_FLIGHT, type Settings } from '../settings.ts';
import type { AppEnv } from './env.ts';

const MB = 1024 * 1024;
/** Bytes; what a scheduler sends is far below. */
const IN_ONE_GO = 64 * 1024;

/** Reads request bodies within BODY_LIMIT_MB each and one budget for all; one per app. */
export class Bodies {
  readonly #limit: number;
  #left: number;

  constructor(settings: Pick<Settings, 'BODY_LIMIT_MB'>, inFlight = BODIES_IN_FLIGHT) {
    this.#limit = settings.BODY_LIMIT_MB * MB;
    this.#left = inFlight * this.#limit;
  }

  /**
   * What `use` makes of the body as text; until it has, the body counts. Its Content-Type is not looked at, invalid
   * UTF-8 reads as U+FFFD. Throws body_too_large, queue_full, or the deadline's fault for an upload too slow for it.
   */
  async withText<Result>(c: Context<AppEnv>, use: (text: string) => Promise<Result>): Promise<Result> {
    const reservation = new Reservation(this.#limit, (bytes) => this.#take(bytes));
    try {
      return await use(await textOf(c, reservation));
    } finally {
      this.#left += reservation.bytes;
    }
  }

  #take(bytes: number): void {
    if (bytes > this.#left) throw new Fault('queue_full', 'too many request bodies are being received');
    this.#left -= bytes;
  }
}

/** What one body has taken of the budget. */
class Reservation {
  bytes = 0;
  readonly #limit: number;
  readonly #take: (bytes: number) => void;

  constructor(limit: number, take: (bytes: number) => void) {
    this.#limit = limit;
    this.#take = take;
  }

  /** Throws body_too_large. */
  checkLimit(bytes: number): void {
    if (bytes > this.#limit) throw new Fault('body_too_large', `the request body exceeds ${this.#limit / MB} MB`);
  }

  /** Throws body_too_large or queue_full. */
  raiseTo(bytes: number): void {
    this.checkLimit(bytes);
    if (bytes <= this.bytes) return;
    this.#take(bytes - this.bytes);
    this.bytes = bytes;
  }
}

async function textOf(c: Context<AppEnv>, reservation: Reservation): Promise<string> {
  const { raw } = c.req;
  // The server counts the bytes of a body with Content-Length. A small one is read in one go, four times as fast as by parts; of
  // a large one only what has come counts, since whoever announces much and sends nothing must not keep others out.
  const announced = c.req.header('Transfer-Encoding') === undefined ? c.req.header('Content-Length') : undefined;
  if (announced !== undefined && /^\d+$/.test(announced)) {
    reservation.checkLimit(Number(announced));
    if (Number(announced) <= IN_ONE_GO) {
      reservation.raiseTo(Number(announced));
      const bytes = await orGone(c, raw.arrayBuffer());
      reservation.raiseTo(bytes.byteLength); // a runtime that did not count
      return new TextDecoder().decode(bytes);
    }
  }
  if (raw.body === null) return '';
  const reader = raw.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await orGone(c, reader.read());
      if (done) return text + decoder.decode();
      size += value.byteLength;
      reservation.raiseTo(size);
      text += decoder.decode(value, { stream: true });
    }
  } catch (error) {
    reader.cancel(error).catch(() => {}); // what is left of the body does not matter any more
    throw error;
  }
}

/** Bytes of the body, or the deadline's reason. A connection that broke is the caller's doing, not ours. */
async function orGone<Value>(c: Context<AppEnv>, reading: Promise<Value>): Promise<Value> {
  const { signal } = c.var.deadline;
  let stop = () => {};
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([reading, stopped]);
  } catch (cause) {
    signal.throwIfAborted();
    throw new Fault('invalid_request', 'the request body broke off', { cause });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
