import { Fault } from '../../faults.ts';
import type { Page } from '../port.ts';
import type { PageStatement, RowParser } from '../statement.ts';
import { textOf } from './driver-values.ts';

/** The answer of a statement as bytes (statement.ts). */
export interface Answer {
  json: Uint8Array;
  /** Only for a PageStatement. */
  rows?: number;
  more?: Uint8Array;
}

/** Parses the answer of a statement into rows and checks each row. */
export function answerRows<Row>({ json }: Pick<Answer, 'json'>, row: RowParser<Row>): Row[] {
  const rows: unknown[] = JSON.parse(textOf(json));
  return rows.map((one) => row.parse(one));
}

/** Converts the answer of a PageStatement to a page. `utf8` makes its bytes well-formed UTF-8. */
export function answerPage<More>(
  { json, rows, more }: Answer,
  statement: PageStatement<More>,
  utf8: (bytes: Uint8Array) => Uint8Array,
): Page<More> {
  if (rows === undefined || more === undefined) throw new Fault('internal', `${statement.name} is no page`);
  return { bytes: utf8(json), rows, more: statement.more.parse(JSON.parse(textOf(more))) };
}
