import type { SettingValues } from '../settings.ts';

/** Time for a client to send its headers, even if it has only connected. A silent connection should not hold a file. */
export const HEADERS_LIMIT_MS = 5_000;
/** Longer than the minute between two polls of a scheduler adapter, so that it can reuse its connection. */
export const KEEP_ALIVE_MS = 65_000;
/** Time after the deadline in which the answer to a request is sent. */
const SILENCE_BEYOND_DEADLINE_MS = 10_000;

/** After this time a silent connection is closed: its client has stopped reading, or waits for its answer. */
export function silenceLimitMs({
  STREAM_TIMEOUT_S,
  REQUEST_TIMEOUT_MS,
}: Pick<SettingValues, 'STREAM_TIMEOUT_S' | 'REQUEST_TIMEOUT_MS'>): number {
  return Math.max(STREAM_TIMEOUT_S * 1000, REQUEST_TIMEOUT_MS + SILENCE_BEYOND_DEADLINE_MS);
}
