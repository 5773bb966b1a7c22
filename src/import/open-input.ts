import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip, createZstdDecompress, type ZstdDecompress } from 'node:zlib';
import { checkReadable } from '../db/startup-errors.ts';

/** The path that means standard input. */
export const STANDARD_INPUT = '-';

/** Thrown if the input cannot be read to its end. The message has the reason. */
export class BadInput extends Error {
  override readonly name = 'BadInput';
}

/** The bytes of a file or of standard input, decompressed if they are gzip or zstd, without a byte order mark. */
export interface Input {
  /** The name for messages. */
  readonly name: string;
  /** The size of the stored file in bytes. Undefined for standard input. */
  readonly size: number | undefined;
  /** Returns the number of bytes read of `size`. */
  position(): number;
  /** Reads the input. A file can be read repeatedly, standard input once. Throws BadInput. */
  chunks(): AsyncGenerator<Buffer, void, void>;
}

const CHUNK_BYTES = 256 * 1024;

/** Opens an input. Throws StartupError if the file cannot be read. */
export async function openInput(path: string, stdin: NodeJS.ReadableStream): Promise<Input> {
  const isPipe = path === STANDARD_INPUT;
  const name = isPipe ? 'standard input' : path;
  const size = isPipe ? undefined : (await checkReadable(path)).size;
  let position = 0;
  async function* stored(): AsyncGenerator<Buffer, void, void> {
    position = 0;
    const stream = isPipe ? stdin : createReadStream(path, { highWaterMark: CHUNK_BYTES });
    for await (const chunk of stream as AsyncIterable<Buffer | string>) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      position += bytes.length;
      yield bytes;
    }
  }
  async function* chunks(): AsyncGenerator<Buffer, void, void> {
    try {
      yield* withoutMark(unpacked(stored()));
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new BadInput(`${name} cannot be read to its end: ${why}`, { cause });
    }
  }
  return { name, size, position: () => position, chunks };
}

/** Decompresses gzip and zstd. The first bytes identify them, since standard input has no file name. */
async function* unpacked(stored: AsyncGenerator<Buffer, void, void>): AsyncGenerator<Buffer, void, void> {
  const chunks = withStart(stored, 4);
  const { value: first } = await chunks.next();
  if (first === undefined) return;
  const all = following(first, chunks);
  if (isZstd(first)) yield* unpackedZstd(all);
  else if (isGzip(first)) {
    // The pipeline passes errors of both sides to the reader of its end.
    yield* pipeline(all, createGunzip({ chunkSize: CHUNK_BYTES }), () => {});
  } else yield* all;
}

function isGzip(start: Buffer): boolean {
  return start.length >= 2 && start.readUInt16BE(0) === 0x1f8b;
}

/** Returns true for a frame, or a skippable frame, with which pzstd starts. */
function isZstd(start: Buffer): boolean {
  if (start.length < 4) return false;
  const magic = start.readUInt32LE(0);
  return magic === 0xfd2fb528 || magic >>> 4 === 0x184d2a5;
}

/** Decompresses zstd. Node stops after a frame that ends within a chunk, but concatenated files have several frames. */
async function* unpackedZstd(packed: AsyncGenerator<Buffer, void, void>): AsyncGenerator<Buffer, void, void> {
  try {
    let rest: Buffer | undefined;
    do {
      const frames = createZstdDecompress({ chunkSize: CHUNK_BYTES });
      const feeding = feed(frames, rest === undefined ? packed : following(rest, packed));
      feeding.catch((error) => frames.destroy(error));
      yield* frames;
      rest = await feeding;
    } while (rest !== undefined);
  } finally {
    await packed.return();
  }
}

/** Feeds chunks to the decompressor. Returns the bytes after its frames, or undefined at the end. */
async function feed(frames: ZstdDecompress, packed: AsyncGenerator<Buffer, void, void>): Promise<Buffer | undefined> {
  let given = 0;
  for (let { value } = await packed.next(); value !== undefined; { value } = await packed.next()) {
    const chunk = value;
    given += chunk.length;
    await new Promise<void>((resolve, reject) => {
      frames.write(chunk, (error) => (error ? reject(error) : resolve()));
    });
    const left = given - frames.bytesWritten;
    if (left > 0) return chunk.subarray(chunk.length - left);
  }
  frames.end();
  return undefined;
}

const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

async function* withoutMark(unmarked: AsyncGenerator<Buffer, void, void>): AsyncGenerator<Buffer, void, void> {
  const chunks = withStart(unmarked, BYTE_ORDER_MARK.length);
  const { value: first } = await chunks.next();
  if (first === undefined) return;
  const isMarked = first.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
  yield* following(isMarked ? first.subarray(BYTE_ORDER_MARK.length) : first, chunks);
}

/** Merges chunks so that the first one has at least this number of bytes, if there are enough. */
async function* withStart(chunks: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer, void, void> {
  let start: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of chunks) {
    if (start === undefined) {
      yield chunk;
      continue;
    }
    start = Buffer.concat([start, chunk]);
    if (start.length < bytes) continue;
    yield start;
    start = undefined;
  }
  if (start !== undefined && start.length > 0) yield start;
}

/** Yields one item, then the rest. */
export async function* following<Item>(first: Item, rest: AsyncIterable<Item>): AsyncGenerator<Item, void, void> {
  yield first;
  yield* rest;
}
