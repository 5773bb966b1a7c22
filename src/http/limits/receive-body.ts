import type { Context } from 'hono';
import { Fault } from '../../faults.ts';
import { addressForLimits } from '../auth/client-address.ts';
import type { AppEnv } from '../service.ts';
import type { Share } from './byte-budget.ts';

const KB = 1024;
const MB = 1024 * KB;
/**
 * A body with at most this Content-Length is read at once, four times as fast as in parts. The connection buffers it
 * until it is complete.
 */
const IN_ONE_GO_BYTES = 16 * KB;

/**
 * Passes the body to `use`. The bytes count until `use` has finished. Only received bytes count: a client that
 * announces a large body and sends nothing must not block others. Throws body_too_large, queue_full, or the deadline's
 * fault if the upload is too slow.
 */
export async function receiveBody<Result>(
  c: Context<AppEnv>,
  limitBytes: number,
  use: (bytes: Uint8Array) => Promise<Result>,
): Promise<Result> {
  const bodies = c.get('bodies');
  const share = shareOf(c);
  try {
    return await use(await bytesOf(c, Math.min(limitBytes, bodies.mostBytes), share));
  } finally {
    share.end();
  }
}

function shareOf(c: Context<AppEnv>): Share {
  const bodies = c.get('bodies');
  const deadline = c.get('deadline');
  const service = c.get('service');
  const user: AppEnv['Variables']['user'] | undefined = c.get('user');
  if (user === undefined) return bodies.strangers.share(addressForLimits(c), deadline.at);
  const isEverybody = service.settings.AUTH === 'none';
  return bodies.known.share(isEverybody ? addressForLimits(c) : user.name, deadline.at);
}

async function bytesOf(c: Context<AppEnv>, limitBytes: number, share: Share): Promise<Uint8Array> {
  const { raw } = c.req;
  const announced = announcedBytes(c);
  checkSize(announced ?? 0, limitBytes);
  if (announced !== undefined && announced <= IN_ONE_GO_BYTES) {
    const bytes = new Uint8Array(await orGone(c, raw.arrayBuffer()));
    checkSize(bytes.byteLength, limitBytes); // some runtimes do not enforce Content-Length
    share.raiseTo(bytes.byteLength);
    return bytes;
  }
  if (raw.body === null) return new Uint8Array();
  const reader = raw.body.getReader();
  const arrived = new Arrived(limitBytes);
  try {
    for (;;) {
      const { done, value } = await orGone(c, reader.read());
      if (done) return arrived.bytes;
      checkSize(arrived.bytes.byteLength + value.byteLength, limitBytes);
      share.raiseTo(arrived.roomWith(value));
      arrived.add(value);
    }
  } catch (error) {
    reader.cancel(error).catch(() => {}); // the rest of the body is not needed
    throw error;
  }
}

/** The Content-Length that the server enforces. Undefined for a body with Transfer-Encoding. */
function announcedBytes(c: Context<AppEnv>): number | undefined {
  const length = c.req.header('Transfer-Encoding') === undefined ? c.req.header('Content-Length') : undefined;
  return length !== undefined && /^\d+$/.test(length) ? Number(length) : undefined;
}

function checkSize(bytes: number, limitBytes: number): void {
  if (bytes > limitBytes) throw new Fault('body_too_large', `the request body exceeds ${sizeInWords(limitBytes)}`);
}

/** A size as text for people. */
export function sizeInWords(bytes: number): string {
  return bytes >= MB && bytes % MB === 0 ? `${bytes / MB} MB` : `${bytes / KB} KB`;
}

/** Collects bytes in one buffer. As separate chunks, a body of one byte per chunk would take 200 bytes for each. */
class Arrived {
  readonly #mostBytes: number;
  #room = new Uint8Array();
  #size = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get bytes(): Uint8Array {
    return this.#room.subarray(0, this.#size);
  }

  /** The buffer size needed after adding these bytes. At most twice the bytes received. */
  roomWith({ byteLength }: Uint8Array): number {
    const needed = this.#size + byteLength;
    if (needed <= this.#room.byteLength) return this.#room.byteLength;
    return Math.min(this.#mostBytes, Math.max(needed, 2 * this.#size));
  }

  add(chunk: Uint8Array): void {
    const room = this.roomWith(chunk);
    if (room > this.#room.byteLength) {
      const before = this.bytes;
      this.#room = new Uint8Array(room);
      this.#room.set(before);
    }
    this.#room.set(chunk, this.#size);
    this.#size += chunk.byteLength;
  }
}

/** Waits for bytes of the body, or throws the deadline's reason. A broken connection is an error of the client. */
async function orGone<Value>(c: Context<AppEnv>, reading: Promise<Value>): Promise<Value> {
  const { signal } = c.get('deadline');
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
    throw new Fault('invalid_request', 'the request body ended early', { cause });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
