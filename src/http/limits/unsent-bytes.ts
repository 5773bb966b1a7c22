import type { Context, MiddlewareHandler } from 'hono';
import { OURSELVES } from '../../deadline.ts';
import { Fault } from '../../faults.ts';
import { ANSWERS_HELD_MB } from '../../settings.ts';
import type { AppEnv } from '../env.ts';
import { faultResponse } from '../errors/error-responses.ts';

const MB = 1024 * 1024;
/** An isolate of a Worker has 128 MB for all it does. */
const IN_AN_ISOLATE_MB = 32;
/** Smaller answers go out at once, and are not counted. */
const COUNTED_FROM_BYTES = 64 * 1024;

/**
 * What clients have asked for and not taken yet. A client that reads slowly, or not at all, makes us hold his answer; a thousand of
 * them must not fill the memory. One per app. A caller may hold as much as is left for others: alone half of it, of two each a third,
 * so that there is always room for one more.
 */
export class UnsentBytes {
  #bytes = 0;
  /** Of each caller of whom something is held. */
  readonly #own = new Map<string, number>();
  readonly #limit: number;
  readonly #parts = new Set<HeldPart>();

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  /** For a runtime that tells how each request ends, or for one that does not, as a Worker's when a client hangs up. */
  static for({ hasSharedLimits }: { hasSharedLimits: boolean }): UnsentBytes {
    return new UnsentBytes((hasSharedLimits ? ANSWERS_HELD_MB : IN_AN_ISOLATE_MB) * MB);
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
    if (!this.#hasRoom(caller)) this.#dropOld();
    if (this.#hasRoom(caller)) return;
    const own = this.#ownOf(caller);
    const isOwn = own > this.#bytes / 2;
    throw new Fault(
      'queue_full',
      isOwn
        ? 'too many of your own responses are unread: read them first'
        : 'too many responses are waiting for their clients to read them',
    );
  }

  add(bytes: number, caller = OURSELVES): void {
    this.#bytes += bytes;
    this.#own.set(caller, this.#ownOf(caller) + bytes);
  }

  give(bytes: number, caller = OURSELVES): void {
    this.#bytes -= bytes;
    const left = this.#ownOf(caller) - bytes;
    if (left > 0) this.#own.set(caller, left);
    else this.#own.delete(caller);
  }

  /** Holds bytes until they are given back, or until nothing has been heard of their answer for `silentMs`. */
  hold(bytes: number, silentMs: number, caller = OURSELVES): HeldPart {
    const part: HeldPart = {
      bytes,
      countsUntil: performance.now() + silentMs,
      touch() {
        part.countsUntil = performance.now() + silentMs;
      },
      end: () => {
        if (this.#parts.delete(part)) this.give(bytes, caller);
      },
    };
    this.#parts.add(part);
    this.add(bytes, caller);
    return part;
  }

  #dropOld(): void {
    const now = performance.now();
    for (const part of this.#parts) if (part.countsUntil <= now) part.end();
  }

  #hasRoom(caller: string): boolean {
    return this.#ownOf(caller) < this.#limit - this.#bytes;
  }

  #ownOf(caller: string): number {
    return this.#own.get(caller) ?? 0;
  }
}

/** What one answer holds. */
export interface HeldPart {
  readonly bytes: number;
  /** An instant of `performance.now()`. */
  countsUntil: number;
  /** The answer goes on. */
  touch(): void;
  end(): void;
}

/** Counts answers that are made whole, from here until the connection has them; refuses one for which there is no room. */
export function limitUnsentBytes(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    await next();
    const bytes = Number(c.res.headers.get('Content-Length') ?? 0);
    const { body } = c.res;
    if (bytes < COUNTED_FROM_BYTES || body === null) return;
    const { held, service } = c.var;
    const sent = service.whenSent?.(c);
    if (sent === undefined && service.hasSharedLimits) return;
    const { caller } = c.var.deadline;
    try {
      held.checkRoom(caller);
    } catch (error) {
      c.res = refusal(c, error);
      return;
    }
    if (sent === undefined) {
      const part = held.hold(bytes, service.settings.REQUEST_TIMEOUT_MS, caller);
      const { status, headers } = c.res;
      c.res = undefined; // Hono would copy its headers once more
      c.res = new Response(passing(body, part), { status, headers });
      return;
    }
    held.add(bytes, caller);
    void sent.then(() => held.give(bytes, caller));
  };
}

/** The bytes of an answer, held until the runtime has asked for the last of them. */
function passing(body: ReadableStream<Uint8Array>, part: HeldPart): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        part.touch();
        if (!done) {
          controller.enqueue(value);
          return;
        }
        part.end();
        controller.close();
      },
      async cancel(reason) {
        part.end();
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

function refusal(c: Context<AppEnv>, error: unknown): Response {
  if (!(error instanceof Fault)) throw error;
  c.res = undefined;
  return faultResponse(error);
}
