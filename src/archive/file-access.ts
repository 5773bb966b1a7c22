import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, chown, mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** True if a file system error has one of these codes, such as ENOENT. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

/** The result of an access to a file, or undefined if there is no such file. */
export async function ifThere<Result>(access: Promise<Result>): Promise<Result | undefined> {
  try {
    return await access;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** The message of an error, for a response or the log. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Reads a regular file. Throws for other kinds of files and for a file above the limit: opening a FIFO would wait for
 * its writer, and reading a device would never end. The size is that of the opened file, so replacing the file at the
 * same time cannot bypass the check. Not more than this size is read: a file that grows meanwhile, or one of /proc that
 * has no size, could be endless.
 */
export async function readRegularFile(path: string, limitBytes: number): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new Error(`${path} is not a regular file`);
    if (stats.size > limitBytes) throw new Error(`${path} has ${stats.size} bytes: the limit is ${limitBytes}`);
    const content = Buffer.allocUnsafe(stats.size);
    let length = 0;
    while (length < content.length) {
      const { bytesRead } = await file.read(content, length);
      if (bytesRead === 0) break; // it has become shorter
      length += bytesRead;
    }
    return content.subarray(0, length);
  } finally {
    await file.close();
  }
}

/** Does what `readRegularFile` does and decodes the text. */
export async function readRegularText(path: string, limitBytes: number): Promise<string> {
  return (await readRegularFile(path, limitBytes)).toString('utf8');
}

/** The path of a new temporary file. A dot file, because the version rule and readers ignore one that is left over. */
export function temporaryIn(folder: string): string {
  return join(folder, `.${randomUUID()}.tmp`);
}

/** True for the name of such a file. */
export function isTemporary(name: string): boolean {
  return /^\.[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\.tmp$/.test(name);
}

/**
 * Writes the whole file or nothing: it writes a temporary file in the same folder and renames it. Creates missing
 * folders. A replaced file keeps its mode. It also keeps its group if the system permits, because other programs of the
 * group read it.
 */
export async function writeFileAtomically(path: string, content: string | Uint8Array): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const temporary = temporaryIn(folder);
  try {
    await writeFile(temporary, content, { flag: 'wx' });
    await keepRights(path, temporary);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Waits until a file or the names in a folder are on disk. Returns the size in bytes. */
export async function toDisk(path: string): Promise<number> {
  const file = await open(path);
  try {
    await file.sync();
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

/** Gives a file the mode of another one, and its group if the system permits. */
export async function keepRights(of: string, to: string): Promise<void> {
  const before = await stat(of).catch(() => undefined);
  if (before === undefined) return;
  await chown(to, -1, before.gid).catch(() => {}); // not permitted for a group of others
  await chmod(to, before.mode & 0o777);
}
