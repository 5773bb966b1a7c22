/** A column of a line whose fields are separated by `|`. */
export interface AlignedColumn {
  /** True if users write the text, so that it may contain separators. */
  isFree: boolean;
  accepts(text: string): boolean;
}

/** The number of separators allowed within free text. A line of a megabyte may have a million. */
const MOST_DIVIDERS = 1000;

export type Alignment = readonly string[] | 'none' | 'several';

/**
 * Splits a line with more fields than columns by finding the free texts that contain separators. Accepts a solution
 * only if it is the only one in which every other column accepts its field.
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
    // The solution follows the only choice that can be completed.
    while (isFree && (ways[at + 1]?.[used] ?? 0) === 0) used++;
    fields.push(parts.slice(from, at + used + 1).join('|'));
  }
  return fields;
}

/** Counts per column and number of extra separators used before it the ways in which the rest fits. 2 means several. */
function waysFrom(parts: readonly string[], columns: readonly AlignedColumn[], extra: number): Uint8Array[] {
  const ways = Array.from({ length: columns.length + 1 }, () => new Uint8Array(extra + 1));
  ways[columns.length]?.fill(1, extra);
  for (let at = columns.length - 1; at >= 0; at--) {
    const [here, next, column] = [ways[at], ways[at + 1], columns[at]];
    if (here === undefined || next === undefined || column === undefined) continue;
    for (let used = extra; used >= 0; used--) {
      const onwards = next[used] ?? 0;
      // A free text ends here or takes one more part.
      if (column.isFree) here[used] = Math.min(2, onwards + (here[used + 1] ?? 0));
      else if (onwards > 0) here[used] = column.accepts(parts[at + used] ?? '') ? onwards : 0;
    }
  }
  return ways;
}
