import { whyNoWrites } from './remote-faults.ts';

export interface WriteHealth {
  /** Why the server cannot write, for operators. Undefined while it can. */
  reason(): string | undefined;
  /** Called when a write that changed rows was committed. */
  written(): void;
  failed(error: unknown): void;
}

/**
 * Tracks whether the server can write, by the results of the writes. With a full disk every commit fails while reads
 * still work. Each change is logged once.
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
      if (code === undefined)
        log.warn({ code: now }, 'the libSQL server cannot write: check its disk, or DB_AUTH_TOKEN');
      code = now;
    },
  };
}
