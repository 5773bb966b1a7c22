import type { Context, MiddlewareHandler } from 'hono';
import { Fault } from '../faults.ts';
import { ANSWERS_HELD_MB } from '../settings.ts';
import type { AppEnv } from './env.ts';
import { faultResponse } from './faults.ts';

const LIMIT_BYTES = ANSWERS_HELD_MB * 1024 * 1024;
/** Smaller answers go out at once, and are not counted. */
const COUNTED_FROM_BYTES = 64 * 1024;

/**
 * What clients have asked for and not taken yet. A client that reads slowly, or not at all, makes us hold his answer; a thousand of
 * them must not fill the memory. One per app.
 */
export class HeldAnswers {
  #bytes = 0;
  readonly #limit: number;

  constructor(limitBytes = LIMIT_BYTES) {
    this.#limit = limitBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether there is room for answers that nobody waits for yet. */
  get isHalfEmpty(): boolean {
    return this.#bytes < this.#limit / 2;
  }

  /** Throws queue_full when there is no room for another answer. One that has begun goes on whatever is held: see `add`. */
  checkRoom(): void {
    if (this.#bytes >= this.#limit)
      throw new Fault('queue_full', 'too many answers wait for their clients to take them');
  }

  add(bytes: number): void {
    this.#bytes += bytes;
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}

/** Counts answers that are made whole, from here until the connection has them; refuses one for which there is no room. */
export function holdAnswers(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    await next();
    const bytes = Number(c.res.headers.get('Content-Length') ?? 0);
    if (bytes < COUNTED_FROM_BYTES) return;
    const sent = c.var.service.whenSent?.(c);
    if (sent === undefined) return;
    const { held } = c.var;
    try {
      held.checkRoom();
    } catch (error) {
      c.res = refusal(c, error);
      return;
    }
    held.add(bytes);
    void sent.then(() => held.give(bytes));
  };
}

function refusal(c: Context<AppEnv>, error: unknown): Response {
  if (!(error instanceof Fault)) throw error;
  c.res = undefined;
  return faultResponse(error);
}
