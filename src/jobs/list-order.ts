import { ALL_FIELDS, type AnyField, METRIC, type ValueField } from './fields.ts';
import { isFootprintKey } from './filter.ts';

type SortableField = Extract<AnyField, { sortable: true }>;
/** The sort orders that a page offers. Any order but those by start time reads every job that matches. */
export type SortColumn = SortableField['name'];
export const SORT_COLUMNS: readonly SortColumn[] = ALL_FIELDS.filter(
  (field): field is SortableField => 'sortable' in field,
).map(({ name }) => name);

export const ORDERS = ['desc', 'asc'] as const;

/** A field, or a key of the footprint: `metric.flops_any_avg`. Jobs without the value come before the least one. */
export type OrderColumn = ValueField['name'] | `${typeof METRIC}${string}`;

/** Returns the key of the footprint, or undefined for a field. Throws if no footprint can have the key. */
export function footprintKeyOf(by: OrderColumn): string | undefined {
  if (!by.startsWith(METRIC)) return undefined;
  const key = by.slice(METRIC.length);
  if (!isFootprintKey(key)) throw new RangeError('invalid footprint key');
  return key;
}

/** The order of a list. Ties: newest start first, then higher id. For start-time asc: oldest first, lower id. */
export interface ListOrder {
  readonly column: OrderColumn;
  readonly order: (typeof ORDERS)[number];
}

/** The default order of a list. */
export const NEWEST_FIRST = { column: 'start-time', order: 'desc' } as const satisfies ListOrder;

export function isNewestFirst({ column, order }: ListOrder): boolean {
  return column === NEWEST_FIRST.column && order === NEWEST_FIRST.order;
}
