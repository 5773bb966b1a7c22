/**
 * Limit for the decoded data of one job, so that a small file cannot fill all memory. A job of 500 nodes with 20
 * metrics per minute for a day has about 90 MB.
 */
export const MAX_DATA_BYTES = 128 * 1024 * 1024;

/** Of metric data in one answer: half of what all unread responses may hold. 32 nodes, 9 metrics and 360 samples have 600 KB. */
export const MOST_BYTES = 32 * 1024 * 1024;
/** Series of all metrics and scopes. An executor visits each of them in turn: 20,000 take the thread about 100 ms. */
export const MOST_SERIES = 20_000;

/** The answer would be too large. The caller has to request less. */
export class TooMuchData extends Error {
  override readonly name = 'TooMuchData';
}
