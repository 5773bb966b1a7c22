/**
 * A place in the order of every list: newest start first, and of two that started in the same second the one with the
 * higher database id. 64-bit.
 */
export interface ListCursor {
  readonly startTime: bigint;
  readonly id: bigint;
}

/** For `sort`: newest first. */
export function newestFirst(a: ListCursor, b: ListCursor): number {
  if (a.startTime !== b.startTime) return a.startTime < b.startTime ? 1 : -1;
  if (a.id === b.id) return 0;
  return a.id < b.id ? 1 : -1;
}

/** Which rows of a list: at most `limit` of those behind a place, or behind a number of rows. */
export interface Slice {
  readonly after?: ListCursor;
  readonly offset: bigint;
  readonly limit: number;
}

/** Rows of a page, where nothing else is asked for. */
export const PAGE_SIZE = 25;

/** A page of a list: both count from 1 and go up to 2^53 - 1. */
export interface PageRequest {
  readonly page: number;
  readonly itemsPerPage: number;
}

const LAST_OFFSET = 2n ** 63n - 1n;

/** How many rows lie before a page. Two numbers near 2^53 multiply beyond 64 bits: no list is that long. */
export function offsetOf({ page, itemsPerPage }: PageRequest): bigint {
  const offset = BigInt(page - 1) * BigInt(itemsPerPage);
  return offset < LAST_OFFSET ? offset : LAST_OFFSET;
}
