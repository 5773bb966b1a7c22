/** A position in the order of every list: newest start first, then higher database id. Both are 64-bit. */
export interface ListCursor {
  readonly startTime: bigint;
  readonly id: bigint;
}

/** A part of a list: at most `limit` rows after a position, or after skipping `offset` rows. */
export interface Slice {
  readonly after?: ListCursor;
  readonly offset: bigint;
  readonly limit: number;
}

/** A page of a list. Both numbers start at 1 and go up to 2^53 - 1. */
export interface PageRequest {
  readonly page: number;
  readonly itemsPerPage: number;
}

const LAST_OFFSET = 2n ** 63n - 1n;

/** Returns the number of rows before a page, cut to 63 bits: two numbers near 2^53 give a larger product. */
export function offsetOf({ page, itemsPerPage }: PageRequest): bigint {
  const offset = BigInt(page - 1) * BigInt(itemsPerPage);
  return offset < LAST_OFFSET ? offset : LAST_OFFSET;
}
