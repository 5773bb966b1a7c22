import { Fault } from '../faults.ts';
import { METRIC, STORED_FIELDS } from '../jobs/fields.ts';
import { isFootprintKey } from '../jobs/filter.ts';
import type { ListOrder, OrderColumn } from '../jobs/list-order.ts';

export interface OrderInput {
  readonly field: string;
  readonly type: string;
  readonly order: 'ASC' | 'DESC';
}

/** The orders by the names of the schema, of columns and of properties. A Map: the name is a caller's text. */
const ORDER_OF: ReadonlyMap<string, OrderColumn> = new Map<string, OrderColumn>([
  // Names of the schema that are no property of a job.
  ['id', 'db-id'],
  ['state', 'state'],
  ['numHWThreads', 'num-hwthreads'],
  ['numAccelerators', 'num-acc'],
  ...STORED_FIELDS.flatMap((field): [string, OrderColumn][] => [
    [field.column, field.name],
    ...('property' in field ? [[field.property, field.name] as [string, OrderColumn]] : []),
  ]),
]);

/**
 * Returns the order of a list (contract/graphql.md §4): `col` is a field of the schema or a column, anything else a key
 * of the footprint, such as flops_any_avg. Without one, jobs come in the order of their ids.
 */
export function listOrderOf(input: OrderInput | null | undefined): ListOrder {
  if (input === null || input === undefined) return { column: 'db-id', order: 'asc' };
  const { field, type } = input;
  const order = input.order === 'DESC' ? 'desc' : 'asc';
  if (type !== 'col') {
    const key = columnOf(field);
    if (!isFootprintKey(key)) throw new Fault('invalid_request', 'order.field must be a key of the footprint');
    return { column: `${METRIC}${key}`, order };
  }
  const column = ORDER_OF.get(field) ?? ORDER_OF.get(columnOf(field));
  if (column === undefined) {
    throw new Fault('invalid_request', `order.field ${JSON.stringify(field.slice(0, 100))} cannot be sorted by`);
  }
  return { column, order };
}

/** startTime is start_time. */
function columnOf(field: string): string {
  return field.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toLowerCase();
}
