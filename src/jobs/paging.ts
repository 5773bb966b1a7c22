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

/** The sizes of a page of jobs that people can choose. */
export const LIST_SIZES = [25, 50, 100] as const;

/** Entries of a page of a list, unless the request says otherwise. */
export const DEFAULT_PAGE_SIZE = {
  /** GET and POST jobs/ of the API. */
  jobsOfApi: 25,
  /** The page of jobs. */
  jobsOnPage: LIST_SIZES[0],
  /** Groups of statistics/jobs of the API, if one of `page` and `items-per-page` is set. */
  groupsOfApi: 25,
  /** The page of statistics. */
  groupsOnPage: 25,
} as const;

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
