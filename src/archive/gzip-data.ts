import { createReadStream, createWriteStream } from 'node:fs';
import { lstat, rename, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { compareUnpacked } from './compare-files.ts';
import { ifThere, keepRights, temporaryIn, toDisk } from './file-access.ts';
import { DATA_FILE, PACKED_DATA_FILE } from './layout.ts';
import { OddFolder } from './remove-job-files.ts';
import { COMPRESS_ABOVE_BYTES } from './write-job.ts';

/**
 * Bytes that compressing a job's metric data would free at most: the size of its data.json. 0 if there is nothing to
 * do, because it has none, or a small one that cc-backend would write uncompressed. Throws OddFolder.
 */
export async function bytesToCompress(folder: string): Promise<number> {
  const [plain, packed] = await Promise.all([sizeOf(join(folder, DATA_FILE)), sizeOf(join(folder, PACKED_DATA_FILE))]);
  return plain !== undefined && (plain > COMPRESS_ABOVE_BYTES || packed !== undefined) ? plain : 0;
}

/**
 * Replaces the data.json of a job by a data.json.gz, in pieces. Returns the number of bytes that became free, 0 if
 * there was nothing to do.
 *
 * The compressed file gets its name when it is on disk and was read back, and only then data.json is removed. If this
 * ends in between, the job has both files. They have the same content, readers take the compressed one, and the next
 * call removes the other. Throws OddFolder if a data.json.gz with other content exists: which of the two is the right
 * one, only the operator can tell.
 */
export async function compressData(folder: string): Promise<number> {
  const bytes = await bytesToCompress(folder);
  if (bytes === 0) return 0;
  const plain = join(folder, DATA_FILE);
  const packed = join(folder, PACKED_DATA_FILE);
  const packedBytes = (await sizeOf(packed)) ?? 0;
  const before = packedBytes === 0 ? 'broken' : await compareUnpacked(packed, plain);
  if (before === 'different') throw new OddFolder(`${folder} has a data.json and a data.json.gz with other content`);
  const writtenBytes = before === 'broken' ? await writePacked(folder, plain, packed) : 0;
  await unlink(plain);
  return bytes + (before === 'broken' ? packedBytes - writtenBytes : 0);
}

async function writePacked(folder: string, plain: string, packed: string): Promise<number> {
  const temporary = temporaryIn(folder);
  try {
    const output = createWriteStream(temporary, { flags: 'wx', flush: true });
    await pipeline(createReadStream(plain), createGzip(), output);
    if ((await compareUnpacked(temporary, plain)) !== 'same') {
      throw new OddFolder(`${plain} changed while it was compressed`);
    }
    await keepRights(plain, temporary);
    await rename(temporary, packed);
    await toDisk(folder);
    return output.bytesWritten;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** The size of a file. Undefined if it does not exist. Throws OddFolder for a link and anything else. */
async function sizeOf(path: string): Promise<number | undefined> {
  const stats = await ifThere(lstat(path));
  if (stats === undefined) return undefined;
  if (!stats.isFile()) throw new OddFolder(`${path} is not a regular file`);
  return stats.size;
}
