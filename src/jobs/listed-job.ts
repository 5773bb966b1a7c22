import { ALL_FIELDS, type AnyField } from './fields.ts';
import { PAGE_SIZE } from './order.ts';

type SortableField = Extract<AnyField, { sortable: true }>;
/** What a list can be sorted by. An order other than newest first looks at every job that matches. */
export type SortColumn = SortableField['name'];
export const SORT_COLUMNS: readonly SortColumn[] = ALL_FIELDS.filter(
  (field): field is SortableField => 'sortable' in field,
).map(({ name }) => name);

/** The numbers of a line, in their order. */
export type ListedField = Extract<SortableField, { listed: object }>;
export const LISTED_FIELDS = ALL_FIELDS.filter((field): field is ListedField => 'listed' in field);

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

/** Nobody reads a longer one in a line. */
export const NAME_CHARACTERS = 200;

/** Tags of a job that a list shows; a listed job has one more where there are others. */
export const MOST_LISTED_TAGS = 8;
