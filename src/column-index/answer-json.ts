import { rowTexts } from '../db/driver/answer-rows.ts';
import { textOf } from '../db/driver/driver-values.ts';
import type { Deadline } from '../deadline.ts';
import { inSlices } from '../event-loop-turns.ts';

/**
 * The format of answers from the process of the index: a line of JSON, then JSON arrays with one member per line: names
 * of groups, as pairs of key and name, and the rows. SQLite and DuckDB write them, and the process joins them as
 * text, so it never parses a thousand groups.
 */
interface Head {
  /** The bytes of each answer, if this is the answer to several questions. They follow this line. */
  readonly parts?: readonly number[];
  /** The columns of rows that are lists of values. Without them the rows are objects, and there are no names. */
  readonly columns?: readonly string[];
  readonly names: readonly NamesHead[];
}

interface NamesHead {
  /** The member of a row with the key, and the one for the name. */
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
}

/** Names of the groups of an answer. `pairs` is JSON. */
export interface GroupNames extends Omit<NamesHead, 'bytes'> {
  readonly pairs: string;
}

export function rowsJson(rows: readonly unknown[]): string {
  return `{"names":[]}\n[${rows.map((row) => JSON.stringify(row)).join(',\n')}]`;
}

/** `lists` (of values) is JSON. */
export function groupsJson(columns: readonly string[], lists: string, names: readonly GroupNames[]): string {
  const heads = names.map(({ id, name, pairs }): NamesHead => ({ id, name, bytes: Buffer.byteLength(pairs) }));
  return `${JSON.stringify({ columns, names: heads })}\n${names.map(({ pairs }) => pairs).join('')}${lists}`;
}

/** The answer to several questions. */
export function partsJson(answers: readonly string[]): string {
  return `${JSON.stringify({ parts: answers.map((answer) => Buffer.byteLength(answer)) })}\n${answers.join('')}`;
}

/**
 * The rows of an answer, not yet parsed by their schema. The answer to several questions has a row for each: the rows
 * of its answer. Throws the deadline's fault.
 */
export async function rowsOf(answer: Uint8Array, deadline: Pick<Deadline, 'signal'>): Promise<unknown[]> {
  const namesAt = answer.indexOf(10) + 1; // after a line feed
  const { parts, columns, names }: Head = JSON.parse(textOf(answer.subarray(0, namesAt)));
  if (parts !== undefined) return await partsOf(answer.subarray(namesAt), parts, deadline);
  let rowsAt = namesAt;
  const named: NamedMember[] = [];
  for (const { id, name, bytes } of names) {
    const texts = rowTexts(answer.subarray(rowsAt, rowsAt + bytes));
    named.push({ id, name, nameOf: new Map(await inSlices(texts, (text) => JSON.parse(text), deadline)) });
    rowsAt += bytes;
  }
  const rowOf = (text: string) => {
    const row = JSON.parse(text);
    return columns === undefined ? row : groupOf(row, columns, named);
  };
  return await inSlices(rowTexts(answer.subarray(rowsAt)), rowOf, deadline);
}

async function partsOf(answers: Uint8Array, parts: readonly number[], deadline: Pick<Deadline, 'signal'>) {
  const rows: unknown[][] = [];
  let at = 0;
  for (const bytes of parts) {
    rows.push(await rowsOf(answers.subarray(at, at + bytes), deadline));
    at += bytes;
  }
  return rows;
}

interface NamedMember extends Omit<NamesHead, 'bytes'> {
  readonly nameOf: ReadonlyMap<string, string>;
}

function groupOf(values: readonly unknown[], columns: readonly string[], named: readonly NamedMember[]) {
  const row: Record<string, unknown> = {};
  for (const [at, column] of columns.entries()) row[column] = values[at];
  for (const { id, name, nameOf } of named) row[name] = nameOf.get(String(row[id])) ?? '';
  return row;
}
