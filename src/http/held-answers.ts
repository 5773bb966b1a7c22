import type { Context, MiddlewareHandler } from 'hono';
import { OURSELVES } from '../db/deadline.ts';
import { Fault } from '../faults.ts';
import { ANSWERS_HELD_MB } from '../settings.ts';
import type { AppEnv } from './env.ts';
import { faultResponse } from './faults.ts';

const LIMIT_BYTES = ANSWERS_HELD_MB * 1024 * 1024;
/** Smaller answers go out at once, and are not counted. */
const COUNTED_FROM_BYTES = 64 * 1024;

/**
 * What clients have asked for and not taken yet. A client that reads slowly, or not at all, makes us hold his answer; a thousand of
 * them must not fill the memory. One per app. A caller may hold as much as is left for others: alone half of it, of two each a third,
 * so that there is always room for one more.
 */
export class HeldAnswers {
  #bytes = 0;
  /** Of each caller of whom something is held. */
  readonly #own = new Map<string, number>();
  readonly #limit: number;

  constructor(limitBytes = LIMIT_BYTES) {
    this.#limit = limitBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether there is room for answers that nobody waits for yet. */
  mayReadAhead(caller: string): boolean {
    return 2 * this.#ownOf(caller) < this.#limit - this.#bytes;
  }

  /** Throws queue_full when there is no room for another answer. One that has begun goes on whatever is held: see `add`. */
  checkRoom(caller: string): void {
    const own = this.#ownOf(caller);
    if (own < this.#limit - this.#bytes) return;
    const isOwn = own > this.#bytes / 2;
    throw new Fault(
      'queue_full',
      isOwn
        ? 'too many of your own answers wait to be taken: take them first'
        : 'too many answers wait for their clients to take them',
    );
  }

  add(bytes: number, caller = OURSELVES): void {
    this.#bytes += bytes;
    if (this.#limit === Number.POSITIVE_INFINITY) return; // nothing is bounded, and what is never given back must not pile up
    this.#own.set(caller, this.#ownOf(caller) + bytes);
  }

  give(bytes: number, caller = OURSELVES): void {
    this.#bytes -= bytes;
    const left = this.#ownOf(caller) - bytes;
    if (left > 0) this.#own.set(caller, left);
    else this.#own.delete(caller);
  }

  #ownOf(caller: string): number {
    return this.#own.get(caller) ?? 0;
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
    const { caller } = c.var.deadline;
    try {
      held.checkRoom(caller);
    } catch (error) {
      c.res = refusal(c, error);
      return;
    }
    held.add(bytes, caller);
    void sent.then(() => held.give(bytes, caller));
  };
}

function refusal(c: Context<AppEnv>, error: unknown): Response {
  if (!(error instanceof Fault)) throw error;
  c.res = undefined;
  return faultResponse(error);
}
