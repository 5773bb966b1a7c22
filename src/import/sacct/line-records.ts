import { type Line, MAX_LINE_BYTES } from '../lines.ts';
import type { Fields, Layout } from './sacct-columns.ts';

/** A record of a file. */
export interface SacctRecord {
  /** The first line of the record: `line 17`. */
  where: string;
  /** The fields, or the problem of the record. */
  fields: Fields | string;
  repaired: boolean;
}

/** The number of lines in one record, enough for a job script in a comment. */
const MOST_LINES = 1000;

interface Begun {
  number: number;
  parts: string[];
  repaired: boolean;
  lines: number;
  length: number;
}

/**
 * Builds records from lines. A line feed within a field splits a record into several lines, so lines with too few
 * fields are joined until they have enough. A line that is a record by itself is never joined to another one.
 */
export class LineRecords {
  #layout: Layout;
  #emit: (record: SacctRecord) => void;
  /** A record with too few fields. The next line may complete it. */
  #short: Begun | undefined;
  /** A record with all fields. If the last one is free text, the next line may continue it. */
  #whole: Begun | undefined;

  constructor(layout: Layout, emit: (record: SacctRecord) => void) {
    this.#layout = layout;
    this.#emit = emit;
  }

  /** Sets the columns of all lines that follow. */
  restart(layout: Layout): void {
    this.end();
    this.#layout = layout;
  }

  add({ number, text, repaired }: Line): void {
    if (text === undefined) {
      this.end();
      this.#refuse(number, `longer than ${MAX_LINE_BYTES} bytes`);
      return;
    }
    if (text === '' && this.#short === undefined) return;
    const { width } = this.#layout;
    const line = { number, parts: this.#layout.withoutEnd(text.split('|')), repaired, lines: 1, length: text.length };
    if (this.#short !== undefined && this.#complete(this.#short, line)) return;
    if (line.parts.length >= width) this.#begin(line);
    else if (!this.#continue(line)) this.#hold(line);
  }

  /** Ends the last record. */
  end(): void {
    this.#flush();
    if (this.#short !== undefined) this.#refuse(this.#short.number, 'has the wrong number of columns');
    this.#short = undefined;
  }

  /** Appends a line to a record that is too short. Returns false if it does not fit; the record is then bad. */
  #complete(short: Begun, line: Begun): boolean {
    const { width } = this.#layout;
    const isRecord = line.parts.length >= width && this.#layout.readings(line.parts) === 'one';
    const joined = isRecord ? undefined : join(short, line, this.#layout);
    if (joined !== undefined && joined.parts.length < width) {
      this.#short = joined;
      return true;
    }
    this.#short = undefined;
    if (joined === undefined || this.#layout.readings(joined.parts) !== 'one') {
      this.#refuse(short.number, 'has the wrong number of columns');
      return false;
    }
    this.#whole = joined;
    return true;
  }

  #begin(line: Begun): void {
    if (!this.#layout.begins(line.parts)) this.#doubt(line);
    this.#flush();
    this.#whole = line;
  }

  #hold(line: Begun): void {
    this.#doubt(line);
    this.#flush();
    this.#short = line;
  }

  /** Refuses the last record if a line may belong to it. */
  #doubt(line: Begun): void {
    if (this.#whole === undefined || !this.#mayBelongTo(this.#whole, line)) return;
    this.#refuse(this.#whole.number, "has a '|' and a line feed in its texts: it is not certain in which");
    this.#whole = undefined;
  }

  /** Returns true if a seemingly complete record with separators in its texts may continue in this line. */
  #mayBelongTo(whole: Begun, line: Begun): boolean {
    const joined = line.parts.length > 1 ? join(whole, line, this.#layout) : undefined;
    if (joined === undefined) return false;
    const readings = this.#layout.readings(joined.parts);
    return readings === 'several' || (readings === 'one' && !this.#layout.endsFree);
  }

  /** Appends a line to the free text at the end of the last record. Returns false if it does not fit. */
  #continue(line: Begun): boolean {
    if (this.#whole === undefined || !this.#layout.endsFree || this.#layout.begins(line.parts)) return false;
    const joined = join(this.#whole, line, this.#layout);
    if (joined === undefined) return false;
    this.#whole = joined;
    return true;
  }

  #flush(): void {
    if (this.#whole === undefined) return;
    const { number, parts, repaired } = this.#whole;
    this.#whole = undefined;
    this.#emit({ where: `line ${number}`, fields: this.#layout.read(parts), repaired });
  }

  #refuse(number: number, reason: string): void {
    this.#emit({ where: `line ${number}`, fields: reason, repaired: false });
  }
}

/** Joins the last field of one with the first field of the other. Returns undefined if the result is too long. */
function join(first: Begun, second: Begun, layout: Layout): Begun | undefined {
  const length = first.length + second.length + 1;
  if (length > MAX_LINE_BYTES || first.lines >= MOST_LINES) return undefined;
  const last = first.parts.at(-1) ?? '';
  const parts = [...first.parts.slice(0, -1), `${last}\n${second.parts[0] ?? ''}`, ...second.parts.slice(1)];
  return {
    ...first,
    parts: layout.withoutEnd(parts),
    repaired: first.repaired || second.repaired,
    lines: first.lines + 1,
    length,
  };
}
