import type { Deadline } from '../deadline.ts';
import { inSlices } from '../event-loop-turns.ts';
import { RawJson } from './raw-json.ts';

/** Values that JSON.stringify prints at once. It takes half a millisecond. */
const AT_ONCE = 4_000;
/** Characters of a text that take as long as another value. */
const CHARACTERS = 100;

/** Characters of a chunk, from which it is complete. */
const CHUNK = 64 * 1024;

/**
 * Prints an answer as JSON, in chunks: bigints as whole numbers, NaN as null, RawJson as it is. Other requests get a turn
 * between the chunks of a large one. Throws the deadline's fault.
 */
export async function printed(answer: unknown, deadline: Pick<Deadline, 'signal'>): Promise<Uint8Array<ArrayBuffer>[]> {
  const encoder = new TextEncoder();
  return await inSlices(chunksOf(partsOf(answer)), (text) => encoder.encode(text), deadline);
}

function* chunksOf(parts: Iterable<string>): Generator<string, void, void> {
  let chunk = '';
  for (const part of parts) {
    chunk += part;
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}

function* partsOf(value: unknown): Generator<string, void, void> {
  if (value instanceof RawJson) yield value.text;
  else if (typeof value === 'bigint') yield String(value);
  else if (typeof value !== 'object' || value === null || roomAfter(value) >= 0) yield JSON.stringify(value) ?? 'null';
  else if (Array.isArray(value)) yield* partsOfList(value);
  else {
    let before = '{';
    for (const [name, member] of Object.entries(value)) {
      if (member === undefined) continue;
      yield `${before}${JSON.stringify(name)}:`;
      yield* partsOf(member);
      before = ',';
    }
    yield before === '{' ? '{}' : '}';
  }
}

/** As many items at once as there is room for. */
function* partsOfList(items: readonly unknown[]): Generator<string, void, void> {
  let before = '[';
  for (let at = 0; at < items.length; before = ',') {
    let end = at;
    for (let room = roomAfter(items[end]); end < items.length && room >= 0; room = roomAfter(items[end], room))
      end += 1;
    if (end > at) yield before + JSON.stringify(items.slice(at, end)).slice(1, -1);
    else {
      yield before;
      yield* partsOf(items[at]);
      end += 1;
    }
    at = end;
  }
  yield before === '[' ? '[]' : ']';
}

/** The values for which there is still room after this one. Negative: JSON.stringify cannot print it at once. */
function roomAfter(value: unknown, room = AT_ONCE): number {
  if (typeof value === 'string') return room - 1 - value.length / CHARACTERS;
  if (typeof value === 'bigint' || value instanceof RawJson) return -1;
  if (typeof value !== 'object' || value === null) return room - 1;
  let left = room - 1;
  for (const member of Object.values(value)) {
    if (left < 0) break;
    left = roomAfter(member, left);
  }
  return left;
}
