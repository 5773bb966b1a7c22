import { whyNoWrites } from './remote-faults.ts';

export interface WriteHealth {
  /** Why the server cannot write, for operators; undefined while it can. */
  reason(): string | undefined;
  /** A write was committed that changed something. */
  written(): void;
  failed(error: unknown): void;
}

/**
 * Whether the server can write, as the writes themselves find out: a full disk there fails every commit while reads go on. The log hears
 * of each change once.
 */
export function writeHealth(log: { warn(fields: object, message: string): void }): WriteHealth {
  let code: string | undefined;
  return {
    reason: () => (code === undefined ? undefined : `the libSQL server cannot write (${code})`),
    written() {
      if (code !== undefined) log.warn({}, 'the libSQL server can write again');
      code = undefined;
    },
    failed(error) {
      const now = whyNoWrites(error);
      if (now === undefined) return;
      if (code === undefined) log.warn({ code: now }, 'the libSQL server cannot write: check its disk');
      code = now;
    },
  };
}
