import { Fault } from '../faults.ts';
import { METRIC, STORED_FIELDS } from '../jobs/fields.ts';
import { isFootprintKey } from '../jobs/filter.ts';
import { type ListOrder, NEWEST_FIRST, type OrderColumn } from '../jobs/listed-job.ts';

export interface OrderInput {
  readonly field: string;
  readonly type: string;
  readonly order: 'ASC' | 'DESC';
}

/** Names of the schema that are not names of a job. */
const NAMES: Readonly<Record<string, OrderColumn>> = {
  id: 'db-id',
  state: 'state',
  numHWThreads: 'num-hwthreads',
  numAccelerators: 'num-acc',
  ...Object.fromEntries(
    STORED_FIELDS.flatMap((field) => [
      [field.column, field.name],
      ...('property' in field ? [[field.property, field.name]] : []),
    ]),
  ),
};

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
  const column = NAMES[field] ?? NAMES[columnOf(field)];
  if (column === undefined) {
    throw new Fault('invalid_request', `order.field ${JSON.stringify(field.slice(0, 100))} cannot be sorted by`);
  }
  return column === NEWEST_FIRST.column && order === 'desc' ? NEWEST_FIRST : { column, order };
}

/** startTime is start_time. */
function columnOf(field: string): string {
  return field.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toLowerCase();
}
