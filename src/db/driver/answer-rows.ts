import type { Deadline } from '../../deadline.ts';
import { inSlices } from '../../event-loop-turns.ts';
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

/** Answers of this size are parsed in a few milliseconds. */
const SMALL_BYTES = 128 * 1024;

/** Does what `answerRows` does. The rows of a large answer are parsed in slices. Throws the deadline's fault. */
export async function answerManyRows<Row>(
  answer: Pick<Answer, 'json'>,
  row: RowParser<Row>,
  deadline: Pick<Deadline, 'signal'>,
): Promise<Row[]> {
  if (answer.json.byteLength <= SMALL_BYTES) return answerRows(answer, row);
  return await inSlices(rowTexts(answer.json), (text) => row.parse(JSON.parse(text)), deadline);
}

const LINE_FEED = 10;

/** The rows of a JSON array as texts. A comma and a line feed separate them, and JSON has no line feed in a text. */
export function* rowTexts(array: Uint8Array): Generator<string> {
  const end = array.byteLength - 1;
  for (let at = 1; at < end; ) {
    const lineFeedAt = array.indexOf(LINE_FEED, at);
    const rowEnd = lineFeedAt < 0 ? end : lineFeedAt - 1;
    yield textOf(array.subarray(at, rowEnd));
    at = rowEnd + 2;
  }
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
