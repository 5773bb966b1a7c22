/** A column of a line whose fields are divided by `|`. */
export interface AlignedColumn {
  /** Users write its text, which may contain dividers. */
  isFree: boolean;
  accepts(text: string): boolean;
}

/** Dividers within free text that are looked at: a line of a megabyte may have a million. */
const MOST_DIVIDERS = 1000;

export type Alignment = readonly string[] | 'none' | 'several';

/**
 * Divides a line with more fields than columns: which free text has the dividers? Only one answer in which every other column accepts its
 * field is an answer.
 */
export function align(parts: readonly string[], columns: readonly AlignedColumn[]): Alignment {
  const extra = parts.length - columns.length;
  if (extra < 0 || extra > MOST_DIVIDERS) return 'none';
  const ways = waysFrom(parts, columns, extra);
  const all = ways[0]?.[0] ?? 0;
  if (all !== 1) return all === 0 ? 'none' : 'several';
  const fields: string[] = [];
  let used = 0;
  for (const [at, { isFree }] of columns.entries()) {
    const from = at + used;
    // The one way leads along the only choice that goes on.
    while (isFree && (ways[at + 1]?.[used] ?? 0) === 0) used++;
    fields.push(parts.slice(from, at + used + 1).join('|'));
  }
  return fields;
}

/** For a column and a number of dividers used before it: in how many ways the rest fits, 2 for more than one. */
function waysFrom(parts: readonly string[], columns: readonly AlignedColumn[], extra: number): Uint8Array[] {
  const ways = Array.from({ length: columns.length + 1 }, () => new Uint8Array(extra + 1));
  ways[columns.length]?.fill(1, extra);
  for (let at = columns.length - 1; at >= 0; at--) {
    const [here, next, column] = [ways[at], ways[at + 1], columns[at]];
    if (here === undefined || next === undefined || column === undefined) continue;
    for (let used = extra; used >= 0; used--) {
      const onwards = next[used] ?? 0;
      // A free text ends here, or takes one more part.
      if (column.isFree) here[used] = Math.min(2, onwards + (here[used + 1] ?? 0));
      else if (onwards > 0) here[used] = column.accepts(parts[at + used] ?? '') ? onwards : 0;
    }
  }
  return ways;
}
