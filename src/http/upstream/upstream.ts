import { type Gate, gateOf } from '../../concurrency-gate.ts';
import type { Deadline } from '../../deadline.ts';
import { Fault } from '../../faults.ts';
import type { Log } from '../../log.ts';
import type { SettingValues } from '../../settings.ts';
import type { UpstreamStatus } from '../../system-state-types.ts';
import { Availability } from './availability.ts';

/** An answer has at most this size, uncompressed. */
const MOST_BYTES = 16 * 1024 * 1024;
/** All answers that are being received, together. */
const MOST_BYTES_AT_ONCE = 2 * MOST_BYTES;
/** Time for the head of an answer. A dead server costs a request no more. */
const SILENT_MS = 2_000;
/** Time for a whole answer, waiting for a turn included. A request never waits longer than half of what it has left. */
const ANSWER_MS = 10_000;
/** Questions at cc-backend at the same time, and waiting. One metric store serves them all. */
const AT_ONCE = 6;
const OF_ONE_CALLER = { amongOthers: 2, alone: 4 };
const WAITING = 60;
const OF_ONE_CALLER_WAITING = 20;
/** At most one line of failures in this time. */
const LOG_EVERY_MS = 60_000;

/** Marks the questions asked here. One that comes back means that the address leads to this service. */
export const ASKED_BY = 'X-Asked-By';

/** The text of an answer, or why there is none, for people. */
export type UpstreamAnswer = { readonly text: string } | { readonly lacks: string };

interface UpstreamOptions {
  settings: Pick<SettingValues, 'GRAPHQL_UPSTREAM'>;
  log: Log;
  /** False in a Worker, where a request must not wait for another one. */
  hasSharedLimits: boolean;
}

/** Who asks, and for how long. */
type Asker = Pick<Deadline, 'signal' | 'caller' | 'remainingMs'>;

/**
 * The cc-backend of GRAPHQL_UPSTREAM. It is asked with the caller's own credential and nothing else of the request.
 * Redirects are not followed.
 */
export class Upstream {
  readonly #address: string;
  readonly #url: URL;
  readonly #log: Log;
  readonly #gate: Gate;
  readonly #availability = new Availability();
  readonly #counts = { asked: 0, answered: 0, failed: 0 };
  #bytes = 0;
  #loggedAt = Number.NEGATIVE_INFINITY;

  constructor(address: string, log: Log, hasSharedLimits: boolean) {
    this.#address = address;
    this.#url = new URL('query', address.endsWith('/') ? address : `${address}/`);
    this.#log = log;
    this.#gate = gateOf({
      mostAtOnce: hasSharedLimits ? AT_ONCE + WAITING : Number.POSITIVE_INFINITY,
      callerLimit: OF_ONE_CALLER_WAITING,
      width: AT_ONCE,
      ofOneCaller: OF_ONE_CALLER,
    });
  }

  /** Undefined if GRAPHQL_UPSTREAM is not set. */
  static of({ settings, log, hasSharedLimits }: UpstreamOptions): Upstream | undefined {
    const { GRAPHQL_UPSTREAM: address } = settings;
    return address === undefined ? undefined : new Upstream(address, log, hasSharedLimits);
  }

  status(): UpstreamStatus {
    const { reason } = this.#availability;
    const retryInSec = Math.ceil(this.#availability.retryInMs(performance.now()) / 1000);
    const isNew = this.#counts.answered + this.#counts.failed === 0;
    const down = reason === undefined ? {} : { reason, retryInSec };
    return {
      url: this.#address,
      state: reason !== undefined ? 'down' : isNew ? 'not asked yet' : 'up',
      ...down,
      ...this.#counts,
    };
  }

  /** Sends the body of a GraphQL request. Throws only the reason of the asker's signal. */
  async ask(body: string, credential: Readonly<Record<string, string>>, asker: Asker): Promise<UpstreamAnswer> {
    const limitMs = Math.min(ANSWER_MS, asker.remainingMs() / 2);
    const limit = new Timeout(limitMs, `no answer within ${Math.round(limitMs)} ms`);
    const signal = AbortSignal.any([asker.signal, limit.signal]);
    try {
      return await this.#gate.pass({ ...asker, signal }, () => this.#send(body, credential, signal));
    } catch (error) {
      asker.signal.throwIfAborted();
      if (error === limit.reason) return this.failure(limit.reason.message);
      if (error instanceof Fault && error.code === 'queue_full') return this.failure('too many questions at once');
      throw error;
    } finally {
      limit.clear();
    }
  }

  /** Throws the reason of the signal. */
  async #send(
    body: string,
    credential: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<UpstreamAnswer> {
    const beganAt = performance.now();
    if (!this.#availability.begin(beganAt)) return { lacks: this.#availability.reason ?? 'no answer' };
    this.#counts.asked += 1;
    const silence = new Timeout(SILENT_MS, `no answer within ${SILENT_MS} ms`);
    const fails = (reason: string) => {
      // Each change is logged: it happens at most every few seconds.
      if (this.#availability.failed(reason, { beganAt, now: performance.now() }))
        this.#loggedAt = Number.NEGATIVE_INFINITY;
      return this.failure(reason);
    };
    let response: Response;
    try {
      response = await fetch(this.#url, {
        method: 'POST',
        headers: {
          ...credential,
          'Content-Type': 'application/json',
          Accept: 'application/json',
          [ASKED_BY]: 'cc-jobs',
        },
        body,
        redirect: 'manual',
        signal: AbortSignal.any([signal, silence.signal]),
      });
    } catch {
      if (signal.aborted) this.#availability.gaveUp();
      signal.throwIfAborted();
      return fails(silence.signal.aborted ? silence.reason.message : 'cannot be reached');
    } finally {
      silence.clear();
    }
    if (response.status >= 502) {
      await response.body?.cancel();
      return fails(`answers with status ${response.status}`);
    }
    if (this.#availability.reason !== undefined) this.#log.info({}, 'GRAPHQL_UPSTREAM answers again');
    this.#availability.answered(performance.now());
    if (response.status !== 200) {
      await response.body?.cancel();
      return this.failure(`answered with status ${response.status}`);
    }
    return await this.#received(response, signal);
  }

  async #received(response: Response, signal: AbortSignal): Promise<UpstreamAnswer> {
    const decoder = new TextDecoder();
    const texts: string[] = [];
    let bytes = 0;
    try {
      for await (const chunk of chunksOf(response)) {
        bytes += chunk.byteLength;
        this.#bytes += chunk.byteLength;
        if (bytes > MOST_BYTES) return this.failure(`answered with more than ${MOST_BYTES / 1024 / 1024} MB`);
        if (this.#bytes > MOST_BYTES_AT_ONCE) return this.failure('too many large answers at once');
        texts.push(decoder.decode(chunk, { stream: true }));
      }
    } catch {
      signal.throwIfAborted();
      return this.failure('the answer was cut');
    } finally {
      this.#bytes -= bytes;
    }
    this.#counts.answered += 1;
    return { text: texts.join('') + decoder.decode() };
  }

  /** Counts a question without a usable answer. A line of the log tells the operator, at most one a minute. */
  failure(lacks: string): { readonly lacks: string } {
    this.#counts.failed += 1;
    this.#warn(lacks);
    return { lacks };
  }

  #warn(reason: string): void {
    if (performance.now() - this.#loggedAt < LOG_EVERY_MS) return;
    this.#loggedAt = performance.now();
    this.#log.warn({ reason, ...this.#counts }, 'GRAPHQL_UPSTREAM did not answer a question');
  }
}

/** A signal that fires after a time. */
class Timeout {
  readonly reason: Error;
  readonly #controller = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;

  constructor(ms: number, message: string) {
    this.reason = new Error(message);
    this.#timer = setTimeout(() => this.#controller.abort(this.reason), ms);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}

/** The chunks of a body. Leaving the loop cancels it. */
async function* chunksOf({ body }: Response): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  if (reader === undefined) return;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
  } finally {
    await reader.cancel().catch(() => {});
  }
}
