/**
 * The format of answers from the process of the index. SQLite and DuckDB write the parts as JSON, and the process joins
 * them as text, so it never parses a thousand groups.
 */
type Answer =
  | { readonly rows: readonly Readonly<Record<string, unknown>>[] }
  | { readonly columns: readonly string[]; readonly lists: readonly (readonly unknown[])[]; readonly names: Names };

/** Pairs of the id and the name of a group. */
type Names = readonly (readonly [string, string])[];

export function rowsJson(rows: readonly unknown[]): string {
  return `{"rows":${JSON.stringify(rows)}}`;
}

/** Both `lists` (of values) and `names` are JSON. */
export function groupsJson(columns: readonly string[], lists: string, names = '[]'): string {
  return `{"columns":${JSON.stringify(columns)},"lists":${lists},"names":${names}}`;
}

/** The rows of an answer, not yet parsed by their schema. */
export function rowsOf(json: string): readonly Record<string, unknown>[] {
  const answer = JSON.parse(json) as Answer;
  if ('rows' in answer) return answer.rows;
  const { columns, lists, names } = answer;
  const nameOf = new Map(names);
  return lists.map((values) => {
    const row: Record<string, unknown> = {};
    for (const [at, column] of columns.entries()) row[column] = values[at];
    row['name'] = nameOf.get(String(row['id'])) ?? '';
    return row;
  });
}
