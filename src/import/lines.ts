import { isUtf8 } from 'node:buffer';

/** By default, longer lines are skipped. The line of a job has some hundred bytes. */
export const MAX_LINE_BYTES = 1024 * 1024;

export interface Line {
  /** The line number, starting at 1. */
  number: number;
  /** The line without its line feed, or undefined if it is longer than the limit. */
  text: string | undefined;
  /** True if the line had invalid UTF-8, which was replaced by U+FFFD. */
  repaired: boolean;
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** Yields lines, one list per chunk, without an empty last line. Holds one chunk and one line. */
export async function* linesOf(
  chunks: AsyncIterable<Buffer>,
  mostBytes = MAX_LINE_BYTES,
): AsyncGenerator<Line[], void, void> {
  let number = 0;
  let rest: Buffer = Buffer.alloc(0);
  let tooLong = false;
  const take = (bytes: Buffer): Line => {
    number++;
    const isTooLong = tooLong || bytes.length > mostBytes;
    tooLong = false;
    return { number, text: isTooLong ? undefined : textOf(bytes), repaired: !isTooLong && !isUtf8(bytes) };
  };
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const lines: Line[] = [];
    let from = 0;
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, from)) {
      lines.push(take(bytes.subarray(from, end)));
      from = end + 1;
    }
    rest = bytes.subarray(from);
    if (rest.length > mostBytes) {
      rest = Buffer.alloc(0);
      tooLong = true;
    }
    yield lines;
  }
  if (rest.length > 0 || tooLong) yield [take(rest)];
}

function textOf(bytes: Buffer): string {
  const end = bytes.at(-1) === CARRIAGE_RETURN ? bytes.length - 1 : bytes.length;
  return bytes.toString('utf8', 0, end);
}
