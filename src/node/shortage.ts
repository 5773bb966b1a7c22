import { inspect } from 'node:util';
import { pino } from 'pino';
import { stderrLines } from './stderr-lines.ts';

/** What the system says when it has no file, memory or process to give, for this process or for all. */
const SHORTAGES: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'ENOBUFS']);
const LOG_EVERY_MS = 60_000;

/**
 * The last net: an error of a shortage that nothing caught, in a timer or in a package, is logged and the service goes on. What asked for
 * the file has failed, and is asked again by the next request or look. Every other error ends the process, as it does without this.
 */
export function surviveShortages(): void {
  const log = pino({ base: null }, stderrLines());
  let logAt = 0;
  process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
    if (!isShortage(error)) {
      process.stderr.write(`${inspect(error)}\n`);
      process.exit(1);
    }
    if (performance.now() < logAt) return;
    logAt = performance.now() + LOG_EVERY_MS;
    log.error({ err: error }, 'the system is out of files, memory or processes');
  });
}

export function isShortage(error: unknown): boolean {
  return error instanceof Error && 'code' in error && SHORTAGES.has(error.code);
}
