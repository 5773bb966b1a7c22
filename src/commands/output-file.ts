import { open, rename, rm } from 'node:fs/promises';

const ONLY_OWNER = 0o600;

/**
 * Writes a file that only its owner may read. It gets its name when it is complete and on disk, and replaces a file of
 * that name.
 */
export async function writeNewFile(path: string, texts: AsyncIterable<string | Uint8Array>): Promise<void> {
  const unfinished = `${path}.${process.pid}.part`;
  const file = await open(unfinished, 'wx', ONLY_OWNER);
  try {
    for await (const text of texts) await file.appendFile(text);
    await file.sync();
    await file.close();
    await rename(unfinished, path);
  } catch (error) {
    await file.close();
    await rm(unfinished, { force: true });
    throw error;
  }
}
