import { open, rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { CommandIo } from './command.ts';

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

/** The status of a program that SIGPIPE has ended. Node ignores the signal. */
const SIGPIPE_STATUS = 128 + 13;

/** Writes to a file as writeNewFile does, or without a path to standard output. Returns the status of the command. */
export async function writeOutput(
  { stdout }: Pick<CommandIo, 'stdout'>,
  path: string | undefined,
  texts: AsyncIterable<string | Uint8Array>,
): Promise<number> {
  if (path !== undefined) {
    await writeNewFile(path, texts);
    return 0;
  }
  try {
    await pipeline(Readable.from(texts), stdout, { end: false });
    return 0;
  } catch (error) {
    if (isClosedPipe(error)) return SIGPIPE_STATUS;
    throw error;
  }
}

/** The reader of the output has ended, such as `head`. */
function isClosedPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE';
}
