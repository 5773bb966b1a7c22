import { inspect } from 'node:util';
import { pino } from 'pino';
import { stderrLines } from './stderr-lines.ts';

/** Error codes for a lack of files, memory or processes, in this process or in the whole system. */
const SHORTAGES: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'ENOBUFS']);
const LOG_EVERY_MS = 60_000;

/**
 * The last resort for uncaught errors. If the error is a shortage, from a timer or a package, it is logged and the
 * service continues. The failed operation is repeated by the next request or check. All other errors end the process as
 * usual.
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
