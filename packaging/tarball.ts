import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip, createZstdCompress } from 'node:zlib';

const { ZSTD_c_compressionLevel: LEVEL, ZSTD_c_windowLog: WINDOW } = constants;
/** `tar --zstd` reads windows up to 128 MB without an option. */
const WINDOW_LOG = 27;
const CHUNK_BYTES = 2 ** 20;

export type Effort = 'best' | 'least';

export const ENDINGS = ['tar.zst', 'tar.gz'] as const;
type Ending = (typeof ENDINGS)[number];

/** What compresses a tarball. */
const COMPRESSIONS = {
  'tar.zst': (effort: Effort) =>
    createZstdCompress({ params: { [LEVEL]: effort === 'best' ? 19 : 1, [WINDOW]: WINDOW_LOG } }),
  'tar.gz': (effort: Effort) => createGzip({ level: effort === 'best' ? 9 : 1 }), // has no time of day in it
} satisfies Record<Ending, (effort: Effort) => Transform>;

export interface Packing {
  /** The folder in the tarball that has everything. */
  name: string;
  /** Files by the folder that they are in, as paths from there. */
  files: readonly { from: string; paths: readonly string[] }[];
  /** The time of all files in Unix seconds. */
  madeAtSec: number;
  effort: Effort;
}

/** Makes a tarball whose ending says how it is compressed. The same files in the same order give the same bytes. */
export async function pack(file: string, { name, files, madeAtSec, effort }: Packing): Promise<void> {
  const ending = ENDINGS.find((one) => file.endsWith(`.${one}`));
  if (ending === undefined) throw new Error(`${file} must end with ${ENDINGS.join(' or ')}`);
  const list = files.map(({ from, paths }) => `--directory=${from}\n${paths.join('\n')}\n`).join('');
  const args = [...REPRODUCIBLE, `--mtime=@${madeAtSec}`, `--transform=flags=r;s,^,${name}/,`, '-T', '-', '-cf', '-'];
  const tar = spawn('tar', args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((done, fail) => tar.once('error', fail).once('close', done));
  tar.stdin.end(list);
  await pipeline(tar.stdout, equalChunks, COMPRESSIONS[ending](effort), createWriteStream(file));
  const code = await ended;
  if (code !== 0) throw new Error(`tar ended with ${code}`);
}

/** What zstd makes of a stream depends on its chunks, and a pipe has them as the time has it. */
async function* equalChunks(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    waiting.push(chunk);
    bytes += chunk.length;
    if (bytes < CHUNK_BYTES) continue;
    const whole = Buffer.concat(waiting);
    const end = whole.length - (whole.length % CHUNK_BYTES);
    for (let at = 0; at < end; at += CHUNK_BYTES) yield whole.subarray(at, at + CHUNK_BYTES);
    waiting = [whole.subarray(end)];
    bytes = whole.length - end;
  }
  yield Buffer.concat(waiting);
}

/** The owner is root, and of the rights only that to execute is kept. */
const REPRODUCIBLE = [
  '--format=gnu',
  '--no-recursion',
  '--owner=root:0',
  '--group=root:0',
  '--numeric-owner',
  '--mode=u=rwX,go=rX',
];

/** The SHA-256 of a file in hexadecimal digits. */
export async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
