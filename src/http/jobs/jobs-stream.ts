import type { Context } from 'hono';
import { partOf } from '../../deadline.ts';
import { Fault } from '../../faults.ts';
import type { TableColumn } from '../../jobs/export-format.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import type { JobsListOptions } from '../../questions/list/batches.ts';
import { beginParquet, ROWS_HEADER } from '../exports/export-answer.ts';
import { faultOf } from '../faults/fault-responses.ts';
import type { AppEnv, StreamEnd } from '../service.ts';
import { type Batches, JobsList } from './jobs-list.ts';
import { JoinedList } from './joined-parquet-list.ts';
import { ParquetList } from './parquet-list.ts';

/** The text around the rows of a list, and the headers of the answer. */
export interface ListFrame {
  readonly head: string;
  /** The text between two batches. */
  readonly between: string;
  readonly tail: (rows: number) => string;
  readonly headers: Readonly<Record<string, string>>;
  /** True if ROWS_HEADER has the number of rows. In a stream it is a trailer, if the runtime sends trailers. */
  readonly countsRows: boolean;
  /** The columns of a Parquet file, which is made from the rows. */
  readonly parquet?: readonly TableColumn[];
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
  const columns = c.req.method === 'HEAD' ? undefined : frame.parquet;
  const inParts = columns === undefined ? undefined : await JoinedList.open(c, jobs, page, columns);
  if (inParts !== undefined) return streamed(c, inParts, undefined, frame);
  const list = new JobsList(c, jobs, page);
  const first = await list.next();
  c.get('deadline').signal.throwIfAborted(); // the caller has received a 504, and nothing would end a new stream
  const head = joined(frame.head, first?.bytes ?? new Uint8Array());
  if (columns === undefined && (first === undefined || first.rows >= page.itemsPerPage || c.req.method === 'HEAD')) {
    list.close();
    const isComplete = first === undefined || first.rows >= page.itemsPerPage;
    if (!isComplete) return new Response(null, { headers }); // a HEAD has no body
    const body = joined(head, frame.tail(list.rows));
    const rows = countsRows ? { [ROWS_HEADER]: String(list.rows) } : {};
    return new Response(body, { headers: { ...headers, ...rows, 'Content-Length': String(body.byteLength) } });
  }
  let sent: Batches = list;
  try {
    c.get('held').checkRoom(c.get('deadline').caller);
    if (columns !== undefined) sent = new ParquetList(list, head, await beginParquet(c, columns));
  } catch (error) {
    list.close();
    throw error;
  }
  return streamed(c, sent, columns === undefined ? head : undefined, frame);
}

function streamed(c: Context<AppEnv>, list: Batches, head: Uint8Array | undefined, frame: ListFrame): Response {
  const addTrailers = frame.countsRows ? c.get('service').trailers?.(c) : undefined;
  const body = streamOf(c, list, head, {
    between: encoder.encode(frame.between),
    end() {
      addTrailers?.({ [ROWS_HEADER]: String(list.rows) });
      return encoder.encode(frame.tail(list.rows));
    },
  });
  return new Response(body, { headers: { ...frame.headers, ...(addTrailers && { Trailer: ROWS_HEADER }) } });
}

/**
 * The bytes that a stream counts for in an isolate, where the memory of the runtime is unknown. It allows at most eight
 * streams at a time, and four of one caller.
 */
const ISOLATE_STREAM_BYTES = 4 * 1024 * 1024;
/** Makes the budget wait longer than the timer that cuts a stalled stream. */
const STALL_GRACE_MS = 1_000;
/**
 * Makes the stream. STREAM_TIMEOUT_S limits the whole stream, REQUEST_TIMEOUT_MS each batch. `head` includes the first
 * batch, if it has been read. `between` follows each batch but the last, `end` the last one.
 */
function streamOf(
  c: Context<AppEnv>,
  list: Batches,
  head: Uint8Array | undefined,
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

  let waiting = head; // the first batch, not sent yet
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
