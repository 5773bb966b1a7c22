import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

/** True if two regular files have the same bytes. They are read in pieces. */
export async function haveSameBytes(one: string, other: string): Promise<boolean> {
  const [sizeOfOne, sizeOfOther] = await Promise.all([sizeOf(one), sizeOf(other)]);
  if (sizeOfOne !== sizeOfOther) return false;
  try {
    const [a, b] = await Promise.all([one, other].map((path) => digestOf(path, sizeOfOne)));
    return a === b;
  } catch (error) {
    if (error instanceof LongerThanExpected) return false;
    throw error;
  }
}

/** Whether a gzip file unpacks to the bytes of another file. `broken` if it cannot be unpacked to its end. */
export async function compareUnpacked(packed: string, plain: string): Promise<'same' | 'different' | 'broken'> {
  await sizeOf(packed);
  const size = await sizeOf(plain);
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(packed), createGunzip(), intoHash(hash, size));
    return hash.digest('hex') === (await digestOf(plain, size)) ? 'same' : 'different';
  } catch (error) {
    if (error instanceof LongerThanExpected) return 'different';
    if (isBadGzip(error)) return 'broken';
    throw error;
  }
}

/** Throws for a FIFO or a device, which would not end. */
async function sizeOf(path: string): Promise<number> {
  const stats = await stat(path);
  if (!stats.isFile()) throw new Error(`${path} is not a regular file`);
  return stats.size;
}

/** True for an error of zlib: the file is no gzip file, is damaged, or lacks its end. */
function isBadGzip(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_');
}

class LongerThanExpected extends Error {}

async function digestOf(path: string, mostBytes: number): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), intoHash(hash, mostBytes));
  return hash.digest('hex');
}

/** Fails after `mostBytes`: a small gzip file may unpack to very much, and a file may grow. */
function intoHash(hash: Hash, mostBytes: number): Writable {
  let bytes = 0;
  return new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      bytes += chunk.length;
      hash.update(chunk);
      done(bytes > mostBytes ? new LongerThanExpected() : null);
    },
  });
}
