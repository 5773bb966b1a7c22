import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, readlink, rename, rm } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { z } from 'zod';
import { haveSameBytes } from '../archive/compare-files.ts';
import { StartupError } from '../startup-error.ts';

/** `bundle.json` in a bundle (packaging/contents.ts). */
const BundleJson = z.object({ version: z.string(), commit: z.string(), platform: z.string(), node: z.string() });
export type BundleInfo = z.output<typeof BundleJson>;

/** An unpacked bundle. */
export interface Bundle extends BundleInfo {
  folder: string;
}

/** A bundle from a tarball. `isNew` is false if its folder was there before. */
export interface UnpackedBundle extends Bundle {
  isNew: boolean;
}

const DECOMPRESS = { '.tar.gz': createGunzip, '.tar.zst': createZstdDecompress } as const;
const VERSION_LIMIT_MS = 60_000;

/** The bundle in a folder. Undefined if the folder is none, such as a clone. Throws StartupError if it is damaged. */
export async function bundleIn(folder: string): Promise<Bundle | undefined> {
  const path = join(folder, 'bundle.json');
  if (!existsSync(path)) return undefined;
  const parsed = BundleJson.safeParse(JSON.parse(await readFile(path, 'utf8').catch(() => 'null')));
  if (!parsed.success) throw new StartupError(`${path} is damaged: unpack the bundle again`);
  return { ...parsed.data, folder };
}

/** Compares a tarball with the line for it in the file of checksums next to it. Throws StartupError. */
export async function checkSum(tarball: string): Promise<void> {
  const sums = tarball.replace(/\.tar\.\w+$/, '.sha256');
  const text = await readFile(sums, 'utf8').catch((cause: unknown) => {
    throw new StartupError(`${sums} cannot be read: copy it with the bundle, or use --no-checksum`, { cause });
  });
  const [, expected] =
    text
      .split('\n')
      .map((line) => /^([0-9a-f]{64}) [ *](.+)$/.exec(line))
      .find((line) => line?.[2] === basename(tarball)) ?? [];
  if (expected === undefined) throw new StartupError(`${sums} has no line for ${basename(tarball)}`);
  const hash = createHash('sha256');
  await pipeline(createReadStream(tarball), hash);
  if (hash.digest('hex') !== expected)
    throw new StartupError(`${tarball}: its checksum is not that of ${sums}: copy it again`);
}

/**
 * Unpacks a tarball next to the other bundles, and returns the bundle under its own name. If a folder of that name has
 * the same files, it is the bundle. Throws StartupError.
 */
export async function unpack(tarball: string, next: string, signal: AbortSignal): Promise<UnpackedBundle> {
  const work = await mkdtemp(join(next, '.cc-jobs-update-'));
  try {
    await extract(tarball, work, signal);
    const [name, ...more] = await readdir(work);
    const found = name === undefined || more.length > 0 ? undefined : await bundleIn(join(work, name));
    if (name === undefined || found === undefined) throw new StartupError(`${tarball} is not a bundle of cc-jobs`);
    const own = `${process.platform}-${process.arch}`;
    if (found.platform !== own)
      throw new StartupError(`${tarball} is for ${found.platform}, and this machine is ${own}`);
    await checkRuns(found, tarball);
    const folder = join(next, name);
    if (!existsSync(folder)) {
      await rename(found.folder, folder);
      return { ...found, folder, isNew: true };
    }
    if (await hasAllFilesOf(found.folder, folder, signal)) return { ...found, folder, isNew: false };
    throw new StartupError(
      `${folder} exists already and differs from the bundle: remove it with 'rm -r', unless it is in use`,
    );
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** tar may end at the mark of the end of an archive, before the zeros behind it. Its input then fails in one of these ways. */
const TAR_ENDED = ['EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'];

async function extract(tarball: string, into: string, signal: AbortSignal): Promise<void> {
  const [, decompress] = Object.entries(DECOMPRESS).find(([ending]) => tarball.endsWith(ending)) ?? [];
  if (decompress === undefined) throw new StartupError(`${tarball} must end with .tar.gz or .tar.zst`);
  const tar = spawn('tar', ['-xf', '-', '-C', into, '--no-same-owner'], { stdio: ['pipe', 'ignore', 'ignore'] });
  const ended = new Promise<number | null>((done, fail) => tar.once('error', fail).once('close', done));
  try {
    await pipeline(createReadStream(tarball), decompress(), tar.stdin, { signal });
  } catch (cause) {
    const code = await ended;
    signal.throwIfAborted();
    if (code === 0 && TAR_ENDED.includes(String((cause as NodeJS.ErrnoException).code))) return;
    throw new StartupError(`${tarball} is damaged or incomplete, or the disk is full: nothing was changed`, { cause });
  }
  if ((await ended) !== 0) throw new StartupError(`${tarball} could not be unpacked: nothing was changed`);
}

/** Whether `folder` has every file and link of `bundle`, with the same content. It may have others. */
async function hasAllFilesOf(bundle: string, folder: string, signal: AbortSignal): Promise<boolean> {
  for (const entry of await readdir(bundle, { recursive: true, withFileTypes: true })) {
    signal.throwIfAborted();
    if (entry.isDirectory()) continue;
    const path = join(entry.parentPath, entry.name);
    const other = join(folder, relative(bundle, path));
    const isSame = entry.isSymbolicLink()
      ? (await readlink(other).catch(() => undefined)) === (await readlink(path))
      : await haveSameBytes(path, other).catch(() => false);
    if (!isSame) return false;
  }
  return true;
}

/** Whether the program of a bundle starts on this machine and says the version of the bundle. */
async function checkRuns({ folder, version }: Bundle, tarball: string): Promise<void> {
  const ran = await runProgram(folder, ['--version'], VERSION_LIMIT_MS);
  if (ran.code === 0 && ran.stdout.trim() === version) return;
  throw new StartupError(
    `${tarball} does not run on this machine: ${ran.stderr.trim().split('\n').at(-1) ?? ran.code}`,
  );
}

/** Runs bin/cc-jobs of a bundle with the settings and in the folder of this process. */
export async function runProgram(
  folder: string,
  args: readonly string[],
  limitMs: number,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  try {
    const done = await promisify(execFile)(join(folder, 'bin/cc-jobs'), args, { timeout: limitMs });
    return { code: 0, ...done };
  } catch (error) {
    const { code, stdout = '', stderr = '' }: { code?: unknown; stdout?: string; stderr?: string } = Object(error);
    return { code: typeof code === 'number' ? code : null, stdout, stderr: stderr === '' ? String(error) : stderr };
  }
}
