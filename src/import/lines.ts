import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';

/** Longer lines are passed over: a job's line has some hundred bytes. */
export const MAX_LINE_BYTES = 1024 * 1024;

export interface Line {
  /** From 1. */
  number: number;
  /** Without its line feed; undefined for a line longer than MAX_LINE_BYTES. */
  text: string | undefined;
  /** True if it was no UTF-8: U+FFFD stands where that was. */
  repaired: boolean;
  /** Bytes of the file up to the end of this line. */
  position: number;
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** The lines of a file, a chunk's worth at a time; an empty last line is none. Holds one chunk and one line. */
export async function* linesOf(path: string): AsyncGenerator<Line[], void, void> {
  let number = 0;
  let position = 0;
  let rest: Buffer = Buffer.alloc(0);
  let tooLong = false;
  const take = (bytes: Buffer): Line => {
    number++;
    const isTooLong = tooLong || bytes.length > MAX_LINE_BYTES;
    tooLong = false;
    return { number, text: isTooLong ? undefined : textOf(bytes), repaired: !isTooLong && !isUtf8(bytes), position };
  };
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const lines: Line[] = [];
    let from = 0;
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, from)) {
      position += end + 1 - from;
      lines.push(take(bytes.subarray(from, end)));
      from = end + 1;
    }
    rest = bytes.subarray(from);
    if (rest.length > MAX_LINE_BYTES) {
      position += rest.length;
      rest = Buffer.alloc(0);
      tooLong = true;
    }
    yield lines;
  }
  position += rest.length;
  if (rest.length > 0 || tooLong) yield [take(rest)];
}

function textOf(bytes: Buffer): string {
  const end = bytes.at(-1) === CARRIAGE_RETURN ? bytes.length - 1 : bytes.length;
  return bytes.toString('utf8', 0, end);
}
