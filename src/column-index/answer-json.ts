/**
 * An answer on its way from the process of the index. SQLite and DuckDB write its parts, the process puts them together: a thousand groups
 * are never taken apart there.
 */
type Answer =
  | { readonly rows: readonly Readonly<Record<string, unknown>>[] }
  | { readonly columns: readonly string[]; readonly lists: readonly (readonly unknown[])[]; readonly names: Names };

/** Of groups: pairs of an id and a name. */
type Names = readonly (readonly [string, string])[];

export function rowsJson(rows: readonly unknown[]): string {
  return `{"rows":${JSON.stringify(rows)}}`;
}

/** Of lists of values and of names, both JSON. */
export function groupsJson(columns: readonly string[], lists: string, names = '[]'): string {
  return `{"columns":${JSON.stringify(columns)},"lists":${lists},"names":${names}}`;
}

/** The rows of an answer, before their schema has read them. */
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
