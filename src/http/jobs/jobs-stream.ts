import type { Context } from 'hono';
import type { Page } from '../../db/port.ts';
import { type Deadline, partOf } from '../../deadline.ts';
import { Fault } from '../../faults.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import type { JobsListOptions } from '../../questions/list/batches.ts';
import type { JobsBatch } from '../../questions/list/sqlite.ts';
import { hiddenMetrics } from '../auth/visible-jobs.ts';
import type { AppEnv, StreamEnd } from '../env.ts';
import { faultOf } from '../errors/error-responses.ts';
import { ROWS_HEADER } from '../exports/export-answer.ts';
import type { UnsentBytes } from '../limits/unsent-bytes.ts';
import { withStatistics } from './archived-statistics.ts';

/** The text around the rows of a list, and the headers of the answer. */
export interface ListFrame {
  readonly head: string;
  /** The text between two batches. */
  readonly between: string;
  readonly tail: (rows: number) => string;
  readonly headers: Readonly<Record<string, string>>;
  /** True if ROWS_HEADER has the number of rows. In a stream it is a trailer, if the runtime sends trailers. */
  readonly countsRows: boolean;
}

/**
 * Answers with a list of jobs of any size. The first batch is read before the answer starts, so that its faults get
 * their own status. If the first batch fills the page, or if there are no jobs, the answer is not a stream. Each
 * further batch is read when the client has taken the one before.
 */
export async function listAnswer(
  c: Context<AppEnv>,
  jobs: VisibleJobs,
  page: JobsListOptions,
  frame: ListFrame,
): Promise<Response> {
  const { headers, countsRows } = frame;
  const list = new JobsList(c, jobs, page);
  const first = await list.next();
  c.get('deadline').signal.throwIfAborted(); // the caller has received a 504, and nothing would end a new stream
  const head = joined(frame.head, first?.bytes ?? new Uint8Array());
  if (first === undefined || first.rows >= page.itemsPerPage || c.req.method === 'HEAD') {
    list.close();
    const isComplete = first === undefined || first.rows >= page.itemsPerPage;
    if (!isComplete) return new Response(null, { headers }); // a HEAD has no body
    const body = joined(head, frame.tail(list.rows));
    const rows = countsRows ? { [ROWS_HEADER]: String(list.rows) } : {};
    return new Response(body, { headers: { ...headers, ...rows, 'Content-Length': String(body.byteLength) } });
  }
  try {
    c.get('held').checkRoom(c.get('deadline').caller);
  } catch (error) {
    list.close();
    throw error;
  }
  const addTrailers = countsRows ? c.get('service').trailers?.(c) : undefined;
  const body = streamOf(c, list, head, {
    between: encoder.encode(frame.between),
    end() {
      addTrailers?.({ [ROWS_HEADER]: String(list.rows) });
      return encoder.encode(frame.tail(list.rows));
    },
  });
  return new Response(body, { headers: { ...headers, ...(addTrailers && { Trailer: ROWS_HEADER }) } });
}

/**
 * The bytes that a stream counts for in an isolate, where the memory of the runtime is unknown. It allows at most eight
 * streams at a time, and four of one caller.
 */
const ISOLATE_STREAM_BYTES = 4 * 1024 * 1024;
/** Makes the budget wait longer than the timer that cuts a stalled stream. */
const STALL_GRACE_MS = 1_000;
const NOT_COUNTED = { add() {}, give() {} };

/**
 * The batches of a list, with the statistics of archived jobs. The first is read within the deadline of the request,
 * each further one within a deadline of its own.
 */
class JobsList {
  rows = 0;
  readonly #held: Pick<UnsentBytes, 'add' | 'give'>;
  readonly #caller: string;
  /** Bytes of batches that were read and that the client has not taken yet. */
  #waiting = 0;
  #taken = 0;
  #closed = false;
  readonly #batches: AsyncGenerator<Page<JobsBatch>, void, void>;
  /** Returns the deadline of the batch that is read next. */
  #deadline: () => Deadline;

  constructor(c: Context<AppEnv>, jobs: VisibleJobs, options: JobsListOptions) {
    const deadline = c.get('deadline');
    const service = c.get('service');
    const held = c.get('held');
    const hidden = hiddenMetrics(c);
    this.#held = service.hasSharedLimits ? held : NOT_COUNTED; // in an isolate the stream itself is counted
    this.#caller = deadline.caller;
    this.#deadline = () => ({ ...deadline, clear() {} }); // the middleware of the request clears it
    this.#batches = c.get('jobs').list(jobs, options, {
      deadline: () => this.#deadline(),
      complete: async (page, own) => {
        const bytes = await withStatistics(page, service.archive, own, hidden);
        this.#hold(bytes.byteLength);
        return { ...page, bytes };
      },
      mayReadAhead: () => held.hasSpareRoom(this.#caller),
    });
  }

  /** Sets the deadline of every batch after the first. */
  goOnWithin(deadline: () => Deadline): void {
    this.#deadline = deadline;
  }

  /** Returns the next batch, or undefined at the end. */
  async next(): Promise<{ bytes: Uint8Array; rows: number } | undefined> {
    this.#letGo(this.#taken); // a call for the next batch means that the last one was taken
    for (;;) {
      const { value } = await this.#batches.next();
      if (value === undefined) return undefined;
      if (value.rows === 0) continue;
      this.rows += value.rows;
      this.#taken = value.bytes.byteLength;
      return value;
    }
  }

  /** Releases the bytes that the list holds. A batch that is being read ends by its deadline. */
  close(): void {
    this.#closed = true;
    this.#letGo(this.#waiting);
    void this.#batches.return().catch(() => {});
  }

  #hold(bytes: number): void {
    if (this.#closed) return;
    this.#waiting += bytes;
    this.#held.add(bytes, this.#caller);
  }

  #letGo(bytes: number): void {
    this.#waiting -= bytes;
    this.#taken = 0;
    this.#held.give(bytes, this.#caller);
  }
}

/**
 * Makes the stream. STREAM_TIMEOUT_S limits the whole stream, REQUEST_TIMEOUT_MS each batch. `head` includes the first
 * batch. `between` follows each batch but the last, `end` the last one.
 */
function streamOf(
  c: Context<AppEnv>,
  list: JobsList,
  head: Uint8Array,
  { between, end: lastBytes }: { between: Uint8Array; end: () => Uint8Array },
): ReadableStream<Uint8Array> {
  const { settings, cutConnection, hasSharedLimits } = c.get('service');
  const log = c.get('log');
  const held = c.get('held');
  const stallMs = settings.REQUEST_TIMEOUT_MS;
  const part = hasSharedLimits
    ? undefined
    : held.hold(ISOLATE_STREAM_BYTES, stallMs + STALL_GRACE_MS, c.get('deadline').caller);
  let stall: ReturnType<typeof setTimeout> | undefined;
  const hungUp = new AbortController();
  const { signal: clientSignal } = c.req.raw;
  const hangUp = () => hungUp.abort();
  clientSignal.addEventListener('abort', hangUp, { once: true });
  const whole = partOf(c.get('deadline'), settings.STREAM_TIMEOUT_S * 1000, hungUp.signal);
  list.goOnWithin(() => ({
    ...partOf(whole, Math.min(settings.REQUEST_TIMEOUT_MS, whole.remainingMs()), whole.signal),
    hasBegun: true,
  }));
  const ended = Promise.withResolvers<StreamEnd>();
  c.set('streamed', ended.promise);
  c.get('service').waitUntil?.(c, ended.promise); // its timers end what a client left open
  let open = true;

  const end = (outcome: StreamEnd['outcome']) => {
    open = false;
    whole.clear();
    clearTimeout(stall);
    part?.end();
    clientSignal.removeEventListener('abort', hangUp);
    list.close();
    ended.resolve({ outcome, rows: list.rows });
  };

  /**
   * Ends an answer so that it never looks complete: cuts the connection or, if that is impossible, fails the stream.
   */
  const cut = (controller: ReadableStreamDefaultController<Uint8Array>, error: unknown) => {
    if (!open) return;
    if (hungUp.signal.aborted) {
      end('gone'); // the runtime cancels the stream for the client
      return;
    }
    log.warn({ code: faultOf(error).code, err: error, rows: list.rows }, 'response aborted after its first byte');
    end('cut');
    if (cutConnection === undefined) controller.error(error);
    else cutConnection(c);
  };

  /** In an isolate, cuts a stalled stream, so that it does not hold its share of the budget for STREAM_TIMEOUT_S. */
  const handedOver = (controller: ReadableStreamDefaultController<Uint8Array>) => {
    if (part === undefined || !open) return;
    part.touch();
    const stalled = () => cut(controller, new Fault('deadline_exceeded', `the client read nothing for ${stallMs} ms`));
    stall = setTimeout(stalled, stallMs);
  };

  let waiting: Uint8Array | undefined = head; // the first batch, not sent yet
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        // A client that stopped reading pulls nothing, so only this timer ends the stream.
        whole.signal.addEventListener('abort', () => cut(controller, whole.signal.reason), { once: true });
      },
      async pull(controller) {
        clearTimeout(stall);
        part?.touch();
        if (waiting !== undefined) {
          controller.enqueue(waiting);
          waiting = undefined;
          handedOver(controller);
          return;
        }
        try {
          const batch = await list.next();
          if (!open) return;
          if (batch === undefined) {
            end('complete');
            const last = lastBytes();
            if (last.byteLength > 0) controller.enqueue(last);
            controller.close();
          } else {
            if (between.byteLength > 0) controller.enqueue(between); // of its own, to avoid a copy of the batch
            controller.enqueue(batch.bytes);
            handedOver(controller);
          }
        } catch (error) {
          cut(controller, error);
        }
      },
      cancel() {
        hungUp.abort();
        if (open) end('gone');
      },
    },
    // The stream buffers nothing. It passes on a batch only to a pending read, which also receives a failure.
    { highWaterMark: 0 },
  );
}

const encoder = new TextEncoder();

/** Joins texts and bytes into one chunk. */
function joined(...parts: (string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const all = parts.map((part) => (typeof part === 'string' ? encoder.encode(part) : part));
  const bytes = new Uint8Array(all.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const part of all) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}
