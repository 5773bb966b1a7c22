import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { StartupError } from '../startup-error.ts';

/** The first bytes of a frame (RFC 8878, 3.1.1). */
const ZSTD_MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
const OPTIONS = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };

export async function isCompressed(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(ZSTD_MAGIC.length), 0, ZSTD_MAGIC.length, 0);
    return bytesRead === ZSTD_MAGIC.length && buffer.equals(ZSTD_MAGIC);
  } finally {
    await file.close();
  }
}

/** Compresses a file, or texts, into a new file, then reads that one to check that it can be restored. */
export async function compress(from: string | AsyncIterable<string>, to: string, signal: AbortSignal): Promise<void> {
  const before = createHash('sha256');
  const after = createHash('sha256');
  const source = typeof from === 'string' ? createReadStream(from) : from;
  await pipeline(source, hashing(before), createZstdCompress(OPTIONS), newFile(to), { signal });
  await pipeline(createReadStream(to), createZstdDecompress(), hashed(after), { signal });
  if (before.digest('hex') !== after.digest('hex'))
    throw new StartupError(`${to}: differs from what was written to it`);
}

/**
 * Copies a file, compressed or not, into a new one that is not compressed. `progress` gets the bytes read so far. Throws
 * StartupError if its end is missing.
 */
export async function extract(
  from: string,
  to: string,
  signal: AbortSignal,
  progress: (readBytes: number) => void,
): Promise<void> {
  let bytes = 0;
  async function* counted(chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      progress(bytes);
      yield chunk;
    }
  }
  if (!(await isCompressed(from))) return await pipeline(createReadStream(from), counted, newFile(to), { signal });
  try {
    await pipeline(createReadStream(from), counted, createZstdDecompress(), newFile(to), { signal });
  } catch (cause) {
    if (!isBadFrame(cause)) throw cause;
    throw new StartupError(`${from} is incomplete or damaged: use another backup`, { cause });
  }
}

/** The bytes of a compressed file. Throws StartupError, at the latest at its end, if it is incomplete or damaged. */
export async function* unpackedChunks(path: string): AsyncGenerator<Buffer, void, void> {
  const file = createReadStream(path);
  const unpacking = createZstdDecompress();
  file.on('error', (error) => unpacking.destroy(error));
  try {
    yield* file.pipe(unpacking) as AsyncIterable<Buffer>;
  } catch (cause) {
    if (!isBadFrame(cause)) throw cause;
    throw new StartupError(`${path} is incomplete or damaged: use another backup`, { cause });
  } finally {
    file.destroy();
  }
}

function isBadFrame(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(ZSTD|Z_|ERR_ZLIB)/.test(String(error.code));
}

/** On disk when the stream has ended. */
function newFile(path: string): Writable {
  return createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true });
}

function hashing(hash: Hash): Transform {
  return new Transform({
    transform(chunk, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
}

function hashed(hash: Hash): Writable {
  return new Writable({
    write(chunk, _encoding, done) {
      hash.update(chunk);
      done();
    },
  });
}
