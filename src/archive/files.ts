import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, chown, mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Whether an error of the file system has this code, such as ENOENT. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

/** What an error says, for a message or the log. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * The bytes of a regular file. Throws for anything else, and for a file above the limit: opening a FIFO would wait for its writer,
 * reading a device would never end. The size is that of what was opened, so a file that is replaced meanwhile passes no check of
 * another one.
 */
export async function readRegularFile(path: string, limitBytes: number): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new Error(`${path} is not a regular file`);
    if (stats.size > limitBytes) throw new Error(`${path} has ${stats.size} bytes: the limit is ${limitBytes}`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** The same as text. */
export async function readRegularText(path: string, limitBytes: number): Promise<string> {
  return (await readRegularFile(path, limitBytes)).toString('utf8');
}

/**
 * Writes a whole file or nothing: into a temporary file beside it, then renamed. Makes the folders it needs. A file that is replaced keeps
 * its mode, and its group where we may give it away: other programs of that group read it, too.
 */
export async function writeFileAtomically(path: string, content: string | Uint8Array): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  // A dot file: neither version rule nor reader takes a left-over one for a part of the archive.
  const temporary = join(folder, `.${randomUUID()}.tmp`);
  try {
    await writeFile(temporary, content, { flag: 'wx' });
    await keepRights(path, temporary);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function keepRights(of: string, to: string): Promise<void> {
  const before = await stat(of).catch(() => undefined);
  if (before === undefined) return;
  await chown(to, -1, before.gid).catch(() => {}); // a group that is not ours
  await chmod(to, before.mode & 0o777);
}
