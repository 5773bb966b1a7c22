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
