import { isUtf8 } from 'node:buffer';
import { existsSync, lstatSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { hasCode, readRegularFile, reasonOf, toDisk, writeFileAtomically } from '../archive/file-access.ts';
import { isPathComponent, jobFolder, META_FILE } from '../archive/layout.ts';
import { setFileAside } from '../archive/move-folder-aside.ts';
import { MAX_META_BYTES } from '../archive/read-meta.ts';
import { checkMounted } from '../archive/upkeep.ts';
import { clusterNames } from '../archive/version-and-clusters.ts';
import { walkArchive } from '../archive/walk.ts';
import { linesOf } from '../import/lines.ts';
import { StartupError } from '../startup-error.ts';
import { compress, unpackedChunks } from './zstd-files.ts';

/** The first line of the file. */
const FIRST = { format: 'cc-jobs archive metadata', version: 1 } as const;
const First = z.object({ format: z.literal(FIRST.format), version: z.literal(FIRST.version) });
/** A file of the archive: its path in it, and its content as text or, if that is not UTF-8, in base64. */
const Entry = z.union([
  z.strictObject({ path: z.string(), text: z.string() }),
  z.strictObject({ path: z.string(), base64: z.base64() }),
]);
type Entry = z.output<typeof Entry>;
/** The last line: the number of files. */
const Last = z.strictObject({ files: z.int() });

/** Longer texts are written in base64, in which a line is a third longer than the file, and not up to six times. */
const MOST_TEXT_BYTES = 20 * 2 ** 20;
const MOST_LINE_BYTES = 32 * 2 ** 20;

export interface MetadataBackup {
  readonly files: number;
  /** Files that could not be read. */
  readonly unread: number;
}

interface Options {
  readonly signal: AbortSignal;
  /** Called with the number of files so far. */
  progress(files: number): void;
  /** Called with each file that cannot be read. */
  unread(path: string, reason: string): void;
}

/**
 * Writes version.txt, all cluster.json and all meta.json of an archive to a new file, as lines of JSON compressed with
 * Zstandard. Holds one of them at a time. The file has its name when it is on the disk and was read back. Throws
 * StartupError, and leaves nothing behind, if any of this fails.
 */
export async function backUpMetadata(root: string, target: string, options: Options): Promise<MetadataBackup> {
  await checkMounted(root);
  if (lstatSync(target, { throwIfNoEntry: false }) !== undefined)
    throw new StartupError(`${target} exists already: choose a new name`);
  const counts = { files: 0, unread: 0 };
  const unfinished = `${target}.unfinished`;
  await rm(unfinished, { force: true }); // left by one that was killed
  try {
    await compress(linesOfArchive(root, counts, options), unfinished, options.signal);
    await toDisk(unfinished);
    await rename(unfinished, target);
    await toDisk(dirname(target));
    return counts;
  } catch (error) {
    if (options.signal.aborted) throw new StartupError('stopped: no metadata was kept', { cause: error });
    throw error;
  } finally {
    await rm(unfinished, { force: true });
  }
}

async function* linesOfArchive(
  root: string,
  counts: { files: number; unread: number },
  { progress, unread }: Options,
): AsyncGenerator<string, void, void> {
  yield line(FIRST);
  for await (const path of pathsOf(root)) {
    let content: Buffer;
    try {
      content = await readRegularFile(join(root, path), MAX_META_BYTES);
    } catch (error) {
      if (hasCode(error, 'ENOENT')) continue; // it is gone meanwhile, or was never there
      counts.unread += 1;
      unread(join(root, path), reasonOf(error));
      continue;
    }
    yield line(entryOf(path, content));
    counts.files += 1;
    progress(counts.files);
  }
  yield line({ files: counts.files });
}

async function* pathsOf(root: string): AsyncGenerator<string, void, void> {
  yield 'version.txt';
  for (const cluster of await clusterNames(root)) yield `${cluster}/cluster.json`;
  for await (const entry of walkArchive(root)) {
    if ('job' in entry) yield join(entry.path, META_FILE).slice(root.length + 1);
  }
}

function entryOf(path: string, content: Buffer): Entry {
  if (isUtf8(content)) {
    const text = content.toString('utf8');
    if (JSON.stringify(text).length <= MOST_TEXT_BYTES) return { path, text };
  }
  return { path, base64: content.toString('base64') };
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

/** Reads a backup of metadata to its end. Throws StartupError unless it is whole. Returns the number of its files. */
export async function verifyMetadata(path: string): Promise<number> {
  let files = 0;
  for await (const _ of entriesOf(path)) files += 1;
  return files;
}

export interface MetadataRestored {
  /** Files that were missing or differed. */
  readonly written: number;
  readonly unchanged: number;
  /** Files that differed and are now in the folder `aside`. */
  readonly replaced: number;
}

/**
 * Writes the files of a backup of metadata into an archive, which is created if it does not exist. A file that differs
 * is moved to the same path below `aside` first. Throws StartupError.
 */
export async function restoreMetadata(
  path: string,
  root: string,
  { aside, signal }: { aside: string; signal: AbortSignal },
): Promise<MetadataRestored> {
  const counts = { written: 0, unchanged: 0, replaced: 0 };
  for await (const { path: name, content } of entriesOf(path)) {
    if (signal.aborted) throw new StartupError('stopped: run it again to continue');
    const file = join(root, name);
    if (existsSync(file)) {
      const before = await readRegularFile(file, MAX_META_BYTES).catch(() => undefined);
      if (before?.equals(content)) {
        counts.unchanged += 1;
        continue;
      }
      await setFileAside(root, file, aside);
      counts.replaced += 1;
    }
    await writeFileAtomically(file, content);
    counts.written += 1;
  }
  return counts;
}

interface RestoredFile {
  readonly path: string;
  readonly content: Buffer;
}

async function* entriesOf(path: string): AsyncGenerator<RestoredFile, void, void> {
  const bad = (reason: string) => new StartupError(`${path}: ${reason}: use another backup`);
  let files = 0;
  let isFirst = true;
  let isEnded = false;
  for await (const lines of linesOf(unpackedChunks(path), MOST_LINE_BYTES)) {
    for (const { number, text } of lines) {
      const value = text === undefined ? undefined : parsed(text);
      if (isEnded) throw bad(`line ${number} comes after its end`);
      if (isFirst) {
        if (!First.safeParse(value).success) throw bad('is not a backup of the metadata of an archive');
        isFirst = false;
        continue;
      }
      const last = Last.safeParse(value);
      if (last.success) {
        if (last.data.files !== files) throw bad(`has ${files} of ${last.data.files} files`);
        isEnded = true;
        continue;
      }
      const entry = Entry.safeParse(value);
      if (!entry.success || !isInLayout(entry.data.path)) throw bad(`line ${number} is not a file of an archive`);
      files += 1;
      const { data } = entry;
      yield {
        path: data.path,
        content: 'text' in data ? Buffer.from(data.text) : Buffer.from(data.base64, 'base64'),
      };
    }
  }
  if (!isEnded) throw bad('lacks its end');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** True for version.txt and for where the layout has a cluster.json or a meta.json. The path comes from a file. */
function isInLayout(path: string): boolean {
  if (path === 'version.txt') return true;
  const [cluster = '', ...parts] = path.split('/');
  if (!isPathComponent(cluster)) return false;
  if (parts.length === 1) return parts[0] === 'cluster.json';
  const [high = '', low = '', start = ''] = parts;
  if (![high, low, start].every((part) => /^\d{1,19}$/.test(part))) return false;
  const job = { cluster, jobId: BigInt(high) * 1000n + BigInt(low), startTime: Number(start) };
  const folder = jobFolder('/', job);
  return folder !== undefined && `/${path}` === join(folder, META_FILE);
}
