import { ALL_FIELDS, type AnyField } from './fields.ts';
import { PAGE_SIZE } from './order.ts';
import type { Whole } from './statistics.ts';

type SortableField = Extract<AnyField, { sortable: true }>;
/** What a list can be sorted by. An order other than newest first looks at every job that matches. */
export type SortColumn = SortableField['name'];
export const SORT_COLUMNS: readonly SortColumn[] = ALL_FIELDS.filter(
  (field): field is SortableField => 'sortable' in field,
).map(({ name }) => name);

export const ORDERS = ['desc', 'asc'] as const;

/** Jobs of a page, as people choose them. */
export const LIST_SIZES = [PAGE_SIZE, 50, 100] as const;

/** Equals, and jobs of one second, come with the newest (in `asc` of the start: the oldest) first, then by database id. */
export interface ListOrder {
  readonly column: SortColumn;
  readonly order: (typeof ORDERS)[number];
}

/** The order of a list where nothing else is asked for: along an index, unlike all others. */
export const NEWEST_FIRST = { column: 'start-time', order: 'desc' } as const satisfies ListOrder;

/** A job as a line of a list. */
export interface ListedJob {
  id: Whole;
  jobId: Whole;
  /** At most NAME_CHARACTERS of the jobName in its metadata; '' without one. */
  name: string;
  user: string;
  project: string;
  cluster: string;
  subCluster: string;
  jobState: string;
  startTime: Whole;
  /** Seconds; of a running job until now. */
  duration: Whole;
  numNodes: Whole;
  numHwthreads: Whole;
  numAcc: Whole;
  /** kWh; null for what is no number. */
  energy: number | null;
  tags: { type: string; name: string; scope: string }[];
}

/** Nobody reads a longer one in a line. */
export const NAME_CHARACTERS = 200;

/** Tags of a job that a list shows; a listed job has one more where there are others. */
export const MOST_LISTED_TAGS = 8;
